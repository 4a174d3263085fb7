# src/mail
liblead_a_SOURCES += \
	src/mail/card.c src/mail/card.h \
	src/mail/charset.c src/mail/charset.h \
	src/mail/html.c src/mail/html.h \
	src/mail/html-style.c src/mail/html-style.h \
	src/mail/html-tame.c src/mail/html-tame.h \
	src/mail/html-writer.c src/mail/html-writer.h

check_PROGRAMS += tests/unit/test-card tests/unit/test-charset tests/unit/test-html
tests_unit_test_card_SOURCES = tests/unit/test-card.c
tests_unit_test_charset_SOURCES = tests/unit/test-charset.c
tests_unit_test_html_SOURCES = tests/unit/test-html.c
TESTS += tests/unit/test-card tests/unit/test-charset tests/unit/test-html
