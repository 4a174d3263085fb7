# libFuzzer targets, for clang and --enable-fuzzing. make fuzz runs each for FUZZ_SECONDS.
fuzz_programs = tests/fuzz/fuzz-answer tests/fuzz/fuzz-authres tests/fuzz/fuzz-cards \
	tests/fuzz/fuzz-config tests/fuzz/fuzz-mail tests/fuzz/fuzz-milter tests/fuzz/fuzz-rules
EXTRA_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += tests/fuzz/run.py tests/fuzz/seeds tests/fuzz/findings
FUZZ_LINK = -fsanitize=fuzzer
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz-answer.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_answer_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_authres_SOURCES = tests/fuzz/fuzz-authres.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_authres_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_cards_SOURCES = tests/fuzz/fuzz-cards.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_cards_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_mail_SOURCES = tests/fuzz/fuzz-mail.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_mail_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_milter_SOURCES = tests/fuzz/fuzz-milter.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_milter_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
tests_fuzz_fuzz_rules_SOURCES = tests/fuzz/fuzz-rules.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_rules_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LINK)
CLEANFILES += $(fuzz_programs)

FUZZ_SECONDS = 60

if FUZZING
fuzz: $(fuzz_programs)
	LEAD_BUILD='$(abs_builddir)' FUZZ_SOURCE='$(abs_srcdir)' PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 $(srcdir)/tests/fuzz/run.py --seconds $(FUZZ_SECONDS)
else
fuzz:
	@echo 'configure with CC=clang CXX=clang++ --enable-fuzzing --enable-sanitizers first' >&2; exit 1
endif
.PHONY: fuzz
