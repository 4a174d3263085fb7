# All but the mains is one convenience library, so that tests link it without a socket.
# Each module's local.mk adds its sources and its unit tests.
noinst_LIBRARIES += liblead.a
liblead_a_SOURCES =

# For every program and test that links liblead.a; -lstdc++ is for its one C++ shim, lead/phone.cc.
LEAD_LIBS = liblead.a $(GMIME_LIBS) $(PCRE2_LIBS) $(CURL_LIBS) $(SQLITE_LIBS) $(XML_LIBS) \
	$(YAML_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(MILTER_LIBS) $(PHONE_LIBS) $(ICU_LIBS) -lstdc++ -lm
LDADD = $(LEAD_LIBS)
