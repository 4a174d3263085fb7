liblead_a_SOURCES += \
	src/rules/choice.c src/rules/choice.h \
	src/rules/draft.c src/rules/draft.h \
	src/rules/extraction.c src/rules/extraction.h src/rules/run.h \
	src/rules/extractors.c \
	src/rules/gate.c src/rules/gate.h \
	src/rules/inquiry.c src/rules/inquiry.h \
	src/rules/label.c src/rules/label.h \
	src/rules/literal.c src/rules/literal.h \
	src/rules/needles.c src/rules/needles.h \
	src/rules/pattern.c src/rules/pattern.h src/rules/pattern-private.h \
	src/rules/pattern-book.c \
	src/rules/ruleset.c src/rules/ruleset.h src/rules/ruleset-private.h \
	src/rules/ruletest.c src/rules/ruletest.h \
	src/rules/source.c src/rules/source.h \
	src/rules/template.c src/rules/template.h \
	src/rules/trust.c src/rules/trust.h \
	src/rules/view.c src/rules/view.h \
	src/rules/when.c src/rules/when.h

check_PROGRAMS += tests/unit/test-pattern
tests_unit_test_pattern_SOURCES = tests/unit/test-pattern.c
TESTS += tests/unit/test-pattern

check_PROGRAMS += tests/unit/test-ruleset
tests_unit_test_ruleset_SOURCES = tests/unit/test-ruleset.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-ruleset
EXTRA_DIST += tests/mistakes/rules

check_PROGRAMS += tests/unit/test-label
tests_unit_test_label_SOURCES = tests/unit/test-label.c
TESTS += tests/unit/test-label

dist_man_MANS += src/lead-rules.5

check_PROGRAMS += tests/unit/test-extraction
tests_unit_test_extraction_SOURCES = tests/unit/test-extraction.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-extraction

check_PROGRAMS += tests/unit/test-account
tests_unit_test_account_SOURCES = tests/unit/test-account.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-account

check_PROGRAMS += tests/unit/test-ruletest
tests_unit_test_ruletest_SOURCES = tests/unit/test-ruletest.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-ruletest

check_PROGRAMS += tests/unit/test-inquiry
tests_unit_test_inquiry_SOURCES = tests/unit/test-inquiry.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-inquiry

check_PROGRAMS += tests/unit/test-literal
tests_unit_test_literal_SOURCES = tests/unit/test-literal.c
TESTS += tests/unit/test-literal

check_PROGRAMS += tests/unit/test-choice
tests_unit_test_choice_SOURCES = tests/unit/test-choice.c \
	tests/unit/rulefolder.c tests/unit/rulefolder.h
TESTS += tests/unit/test-choice
