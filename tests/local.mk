# Tests on the real programs: of the rules as shipped, of the man pages, and end to end.
dist_check_SCRIPTS = tests/lint-man tests/test-completion tests/test-rules
TESTS += tests/lint-man tests/test-completion tests/test-rules
EXTRA_DIST += tests/e2e tests/accuracy.py tests/alerts.yaml tests/chaos tests/corpus tests/package.sh \
	tests/queue tests/unit/processor.h tests/tsan tests/valgrind.py tests/valgrind.supp

PYTEST = /usr/bin/python3 -m pytest

check-e2e: all
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 $(PYTEST) -p no:cacheprovider -q \
		$(srcdir)/tests/e2e
.PHONY: check-e2e

# How right the shipped rules are on the corpus; every miss with the rule to blame.
accuracy: all
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/accuracy.py $(ACCURACY)
.PHONY: accuracy

# What hostile mails cost; COST may hold cost.py's options.
cost: all
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/bench/cost.py $(COST)
.PHONY: cost

# kill -9 under load; CHAOS may hold chaos.py's options.
chaos: all
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/chaos/chaos.py $(CHAOS)
.PHONY: chaos

# Memory, descriptors and threads over a million mails; SOAK may hold soak.py's options.
soak: bench-programs
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/chaos/soak.py $(SOAK)
.PHONY: soak

# Memcheck over the unit tests and a pass of both daemons, in a build without sanitizers.
valgrind: all $(check_PROGRAMS)
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/valgrind.py \
		$(check_PROGRAMS:%=$(abs_builddir)/%)
.PHONY: valgrind

dist-hook:
	rm -rf $(distdir)/tests/e2e/__pycache__ $(distdir)/contrib/__pycache__
