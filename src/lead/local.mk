liblead_a_SOURCES += \
	src/lead/address.c \
	src/lead/attribute.c src/lead/attribute.h \
	src/lead/complete.c \
	src/lead/defaults.c src/lead/defaults.h \
	src/lead/email.c \
	src/lead/fold.c \
	src/lead/lead-private.h \
	src/lead/lead.c src/lead/lead.h \
	src/lead/money.c \
	src/lead/payload.c \
	src/lead/person.c \
	src/lead/phone-text.c \
	src/lead/phone.cc src/lead/phone.h \
	src/lead/postal.c \
	src/lead/record.c src/lead/record.h \
	src/lead/state.c \
	src/lead/value-private.h \
	src/lead/value.c src/lead/value.h \
	src/lead/wire-private.h \
	src/lead/wire.c src/lead/wire.h \
	src/lead/zone.c

check_PROGRAMS += \
	tests/unit/test-address \
	tests/unit/test-attribute \
	tests/unit/test-lead \
	tests/unit/test-phone \
	tests/unit/test-value \
	tests/unit/test-wire
tests_unit_test_address_SOURCES = tests/unit/test-address.c
tests_unit_test_attribute_SOURCES = tests/unit/test-attribute.c
tests_unit_test_lead_SOURCES = tests/unit/test-lead.c
tests_unit_test_phone_SOURCES = tests/unit/test-phone.c
tests_unit_test_value_SOURCES = tests/unit/test-value.c
tests_unit_test_wire_SOURCES = tests/unit/test-wire.c
TESTS += \
	tests/unit/test-address \
	tests/unit/test-attribute \
	tests/unit/test-lead \
	tests/unit/test-phone \
	tests/unit/test-value \
	tests/unit/test-wire
