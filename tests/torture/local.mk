# Each allocation on a mail's way into the queue fails in turn; of each mail all, or TORTURE_POINTS.
EXTRA_PROGRAMS += tests/torture/allocations
tests_torture_allocations_SOURCES = tests/torture/allocations.c
CLEANFILES += tests/torture/allocations

TORTURE_POINTS = 0
TORTURE_SEED = $$(date +%s)
TORTURE_MAILS = card-adf-attached card-jsonld card-vcard3 forward-ja-outlook forward-rfc822 \
	forward-ru-yandex hostile-broken-html hostile-nested hostile-no-from hostile-nul-bytes \
	hostile-raw-8bit hostile-wrong-charset listing-costar listing-yelp person-flowed \
	person-foreign-phone

torture: tests/torture/allocations
	folder=$$(mktemp -d -p /dev/shm || mktemp -d) && \
	tests/torture/allocations $(TORTURE_POINTS) $(TORTURE_SEED) $$folder $(srcdir)/rules \
		$(TORTURE_MAILS:%=$(srcdir)/tests/corpus/seen/%.eml); \
	status=$$?; rm -rf $$folder; exit $$status
.PHONY: torture
