liblead_a_SOURCES += \
	src/queue/queue-admin.c \
	src/queue/queue-commit.c src/queue/queue-health.c src/queue/queue-known.c src/queue/queue-life.c \
	src/queue/queue-private.h \
	src/queue/queue-sqlite.c \
	src/queue/queue-submit.c \
	src/queue/queue.h

check_PROGRAMS += tests/unit/test-queue tests/unit/test-known
tests_unit_test_queue_SOURCES = tests/unit/test-queue.c \
	tests/unit/queueplace.c tests/unit/queueplace.h
tests_unit_test_known_SOURCES = tests/unit/test-known.c \
	tests/unit/queueplace.c tests/unit/queueplace.h
TESTS += tests/unit/test-queue tests/unit/test-known
