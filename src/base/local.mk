liblead_a_SOURCES += \
	src/base/daemon.c src/base/daemon.h \
	src/base/diag.c src/base/diag.h \
	src/base/domain.c src/base/domain.h \
	src/base/file.c src/base/file.h \
	src/base/gmime-extra.h \
	src/base/eight.h src/base/limits.h src/base/once.h \
	src/base/memory.c src/base/memory.h \
	src/base/log.c src/base/log.h \
	src/base/metrics.c src/base/metrics.h \
	src/base/parallel.c src/base/parallel.h \
	src/base/text.c src/base/text.h \
	src/base/yaml.c src/base/yaml.h \
	src/base/config.c src/base/config.h \
	src/base/config-values.c src/base/config-values.h

check_PROGRAMS += tests/unit/test-config
tests_unit_test_config_SOURCES = tests/unit/test-config.c
TESTS += tests/unit/test-config
EXTRA_DIST += tests/mistakes/config

check_PROGRAMS += tests/unit/test-yaml
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c
TESTS += tests/unit/test-yaml

check_PROGRAMS += tests/unit/test-metrics
tests_unit_test_metrics_SOURCES = tests/unit/test-metrics.c
TESTS += tests/unit/test-metrics
