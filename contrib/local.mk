# What helps to try, check and install.
EXTRA_DIST += .ci/run contrib/check contrib/common.sh contrib/quickstart contrib/quickstart.py \
	contrib/debian contrib/lead-milter.yaml contrib/postfix contrib/prometheus contrib/sendmail contrib/systemd

completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = contrib/completion/leadctl
