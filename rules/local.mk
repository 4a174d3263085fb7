# The rules as shipped.
rulesdir = $(pkgdatadir)/rules
dist_rules_DATA =
dist_rules_DATA += \
	rules/00-ignore.yaml \
	rules/10-contact-form-7.yaml \
	rules/10-web-form.yaml \
	rules/20-angi.yaml \
	rules/20-loopnet.yaml \
	rules/90-generic.yaml \
	rules/centerpoint.yaml \
	rules/patterns.yaml

rulesamplesdir = $(rulesdir)/samples
dist_rulesamples_DATA = \
	rules/samples/angi-1.eml \
	rules/samples/angi-2.eml \
	rules/samples/angi-3-invoice.eml \
	rules/samples/angi-4-no-phone.eml \
	rules/samples/contact-form-7-1.eml \
	rules/samples/contact-form-7-2.eml \
	rules/samples/generic-1-prose.eml \
	rules/samples/generic-2-labels.eml \
	rules/samples/generic-3-metadata.eml \
	rules/samples/generic-4-out-of-office-park.eml \
	rules/samples/ignore-1-bounce.eml \
	rules/samples/ignore-2-out-of-office.eml \
	rules/samples/ignore-3-newsletter.eml \
	rules/samples/ignore-4-spam.eml \
	rules/samples/ignore-5-read-receipt.eml \
	rules/samples/ignore-6-invitation.eml \
	rules/samples/loopnet-1.eml \
	rules/samples/loopnet-2.eml \
	rules/samples/loopnet-3-newsletter.eml \
	rules/samples/web-form-1-table.eml \
	rules/samples/web-form-2-shaded.eml \
	rules/samples/web-form-3-lines.eml \
	rules/samples/web-form-4-reply.eml
