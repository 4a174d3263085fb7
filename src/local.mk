# All but the mains is one convenience library, so that tests link it without a socket.
# Each module's local.mk adds its sources and its unit tests.
noinst_LIBRARIES += liblead.a
liblead_a_SOURCES =

# For every program and test that links liblead.a; -lstdc++ is for its one C++ shim, lead/phone.cc.
# The dynamic linker looks for each symbol in this order: so what most of them are in comes first.
LEAD_LIBS = liblead.a -lc -lstdc++ -lprotobuf $(SQLITE_LIBS) -lglib-2.0 $(ICU_LIBS) $(GMIME_LIBS) \
	$(XML_LIBS) $(PHONE_LIBS) $(PCRE2_LIBS) $(YAML_LIBS) $(JSON_LIBS) $(MILTER_LIBS) $(GLIB_LIBS) \
	$(CURL_LIBS) -lm
LDADD = $(LEAD_LIBS)
