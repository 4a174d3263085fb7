liblead_a_SOURCES += \
	src/submit/account.c src/submit/account.h \
	src/submit/alert.c src/submit/alert.h \
	src/submit/answer.c src/submit/answer.h \
	src/submit/clerk.c src/submit/clerk.h \
	src/submit/client.c src/submit/client.h \
	src/submit/ledger.c src/submit/ledger.h \
	src/submit/mailer.c src/submit/mailer.h \
	src/submit/submitter.c src/submit/submitter.h \
	src/submit/token.c src/submit/token.h

check_PROGRAMS += tests/unit/test-alert tests/unit/test-answer tests/unit/test-clerk \
	tests/unit/test-client tests/unit/test-ledger tests/unit/test-token
tests_unit_test_alert_SOURCES = tests/unit/test-alert.c
tests_unit_test_answer_SOURCES = tests/unit/test-answer.c
tests_unit_test_clerk_SOURCES = tests/unit/test-clerk.c \
	tests/unit/queueplace.c tests/unit/queueplace.h
tests_unit_test_client_SOURCES = tests/unit/test-client.c
tests_unit_test_ledger_SOURCES = tests/unit/test-ledger.c \
	tests/unit/queueplace.c tests/unit/queueplace.h
tests_unit_test_token_SOURCES = tests/unit/test-token.c
TESTS += tests/unit/test-alert tests/unit/test-answer tests/unit/test-clerk tests/unit/test-client \
	tests/unit/test-ledger tests/unit/test-token

sbin_PROGRAMS += src/lead-submit
src_lead_submit_SOURCES = src/lead-submit.c
dist_man_MANS += src/lead-submit.8
