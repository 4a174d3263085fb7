# src/mail
liblead_a_SOURCES += \
	src/mail/author.c src/mail/author.h \
	src/mail/authres.c src/mail/authres.h \
	src/mail/card.c src/mail/card.h \
	src/mail/card-adf.c \
	src/mail/card-json.c \
	src/mail/card-vcard.c \
	src/mail/charset.c src/mail/charset.h \
	src/mail/fields.c src/mail/fields.h \
	src/mail/flowed.c src/mail/flowed.h \
	src/mail/footer.c src/mail/footer.h \
	src/mail/forward.c src/mail/forward.h \
	src/mail/headerblock.c src/mail/headerblock.h \
	src/mail/headers.c src/mail/headers.h \
	src/mail/html.c src/mail/html.h \
	src/mail/html-style.c src/mail/html-style.h \
	src/mail/html-tame.c src/mail/html-tame.h \
	src/mail/html-writer.c src/mail/html-writer.h \
	src/mail/links.c src/mail/links.h \
	src/mail/mailboxkind.c src/mail/mailboxkind.h \
	src/mail/message.c src/mail/message.h \
	src/mail/mime.c src/mail/mime.h \
	src/mail/mimecost.c src/mail/mimecost.h \
	src/mail/mimestream.c src/mail/mimestream.h \
	src/mail/parts.c src/mail/parts.h \
	src/mail/quote.c src/mail/quote.h \
	src/mail/signature.c src/mail/signature.h \
	src/mail/xml.c src/mail/xml.h \
	src/mail/wording.c src/mail/wording.h \
	src/mail/wording-forward.c \
	src/mail/wording-text.c

check_PROGRAMS += tests/unit/test-card tests/unit/test-charset tests/unit/test-html \
	tests/unit/test-message
tests_unit_test_card_SOURCES = tests/unit/test-card.c
tests_unit_test_charset_SOURCES = tests/unit/test-charset.c
tests_unit_test_html_SOURCES = tests/unit/test-html.c
tests_unit_test_message_SOURCES = tests/unit/test-message.c
TESTS += tests/unit/test-card tests/unit/test-charset tests/unit/test-html \
	tests/unit/test-message

check_PROGRAMS += tests/unit/test-author tests/unit/test-mailboxkind tests/unit/test-footer tests/unit/test-flowed tests/unit/test-forward \
	tests/unit/test-quote tests/unit/test-signature
tests_unit_test_author_SOURCES = tests/unit/test-author.c
tests_unit_test_mailboxkind_SOURCES = tests/unit/test-mailboxkind.c
tests_unit_test_footer_SOURCES = tests/unit/test-footer.c
tests_unit_test_flowed_SOURCES = tests/unit/test-flowed.c
tests_unit_test_forward_SOURCES = tests/unit/test-forward.c
tests_unit_test_quote_SOURCES = tests/unit/test-quote.c
tests_unit_test_signature_SOURCES = tests/unit/test-signature.c
TESTS += tests/unit/test-author tests/unit/test-mailboxkind tests/unit/test-footer tests/unit/test-flowed tests/unit/test-forward \
	tests/unit/test-quote tests/unit/test-signature

check_PROGRAMS += tests/unit/test-wording
tests_unit_test_wording_SOURCES = tests/unit/test-wording.c
TESTS += tests/unit/test-wording

check_PROGRAMS += tests/unit/test-headers
tests_unit_test_headers_SOURCES = tests/unit/test-headers.c
TESTS += tests/unit/test-headers

check_PROGRAMS += tests/unit/test-fields tests/unit/test-mimecost tests/unit/test-mimestream
tests_unit_test_fields_SOURCES = tests/unit/test-fields.c
tests_unit_test_mimecost_SOURCES = tests/unit/test-mimecost.c
tests_unit_test_mimestream_SOURCES = tests/unit/test-mimestream.c
TESTS += tests/unit/test-fields tests/unit/test-mimecost tests/unit/test-mimestream
