# All but the mains is one convenience library, so that tests link it without a socket.
# Each module's local.mk adds its sources and its unit tests.
noinst_LIBRARIES += liblead.a
liblead_a_SOURCES =

# For every program and test that links liblead.a; -lstdc++ is for its one C++ shim, lead/phone.cc.
# The dynamic linker looks for each symbol in this order: so what most of them are in comes first.
LEAD_LIBS = liblead.a -lc -lstdc++ $(PHONE_LIBS) $(GMIME_LIBS) $(PCRE2_LIBS) $(CURL_LIBS) $(SQLITE_LIBS) \
	$(XML_LIBS) $(YAML_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(MILTER_LIBS) $(ICU_LIBS) -lm
LDADD = $(LEAD_LIBS)
