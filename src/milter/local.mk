liblead_a_SOURCES += \
	src/milter/callbacks.c src/milter/callbacks.h \
	src/milter/drain.c src/milter/drain.h \
	src/milter/intake.c src/milter/intake.h \
	src/milter/listen.c src/milter/listen.h \
	src/milter/message-state.c src/milter/message-state.h \
	src/milter/milter.c src/milter/milter.h \
	src/milter/service.c src/milter/service.h \
	src/milter/threads.c src/milter/threads.h

sbin_PROGRAMS += src/lead-milter
src_lead_milter_SOURCES = src/lead-milter.c src/milter/interpose.c
dist_man_MANS += src/lead-milter.8

check_PROGRAMS += tests/unit/test-interpose
tests_unit_test_interpose_SOURCES = tests/unit/test-interpose.c src/milter/interpose.c
TESTS += tests/unit/test-interpose
