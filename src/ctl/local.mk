liblead_a_SOURCES += \
	src/ctl/ctl-account.c \
	src/ctl/ctl-api-check.c \
	src/ctl/ctl-api.c \
	src/ctl/ctl-check-places.c \
	src/ctl/ctl-check.c \
	src/ctl/ctl-compare.c \
	src/ctl/ctl-explain.c \
	src/ctl/ctl-extract.c \
	src/ctl/ctl-hits.c \
	src/ctl/ctl-new-source.c \
	src/ctl/ctl-queue-repair.c \
	src/ctl/ctl-queue.c \
	src/ctl/ctl-stats.c \
	src/ctl/ctl-status.c \
	src/ctl/ctl-submit.c \
	src/ctl/ctl-test.c \
	src/ctl/ctl.c src/ctl/ctl.h \
	src/ctl/explain-html.c src/ctl/explain-html.h \
	src/ctl/explain-json.c src/ctl/explain-json.h \
	src/ctl/lineup.c src/ctl/lineup.h \
	src/ctl/mailstore.c src/ctl/mailstore.h \
	src/ctl/output.c src/ctl/output.h \
	src/ctl/progress.c src/ctl/progress.h \
	src/ctl/reading.c src/ctl/reading.h

bin_PROGRAMS += src/leadctl
src_leadctl_SOURCES = src/leadctl.c
dist_man_MANS += src/leadctl.1 src/lead-milter.yaml.5

check_PROGRAMS += tests/unit/test-lineup tests/unit/test-output
tests_unit_test_lineup_SOURCES = tests/unit/test-lineup.c
tests_unit_test_output_SOURCES = tests/unit/test-output.c
TESTS += tests/unit/test-lineup tests/unit/test-output
