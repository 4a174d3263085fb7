# make bench: see tests/bench/bench.py for what BENCH_FLAGS may hold.
bench_programs = tests/bench/noop-milter tests/bench/least-milter tests/bench/milter-load \
	tests/bench/extract-bench tests/bench/gmime-bench tests/bench/curl-load
gmime_mail = tests/bench/gmime-mail.c tests/bench/gmime-mail.h
EXTRA_PROGRAMS += $(bench_programs)
tests_bench_noop_milter_SOURCES = tests/bench/noop-milter.c
tests_bench_noop_milter_LDADD = $(MILTER_LIBS)
tests_bench_least_milter_SOURCES = tests/bench/least-milter.c $(gmime_mail) \
	src/milter/interpose.c
tests_bench_milter_load_SOURCES = tests/bench/milter-load.c
tests_bench_milter_load_LDADD = $(GLIB_LIBS)
tests_bench_extract_bench_SOURCES = tests/bench/extract-bench.c
tests_bench_gmime_bench_SOURCES = tests/bench/gmime-bench.c $(gmime_mail)
tests_bench_gmime_bench_LDADD = $(GMIME_LIBS) $(PCRE2_LIBS)
tests_bench_curl_load_SOURCES = tests/bench/curl-load.c
tests_bench_curl_load_LDADD = $(CURL_LIBS) $(GLIB_LIBS)
CLEANFILES += $(bench_programs)
bench_scripts = tests/bench/bench.py tests/bench/contestants.py tests/bench/maildir.py \
	tests/bench/milter.py tests/bench/postfix.py tests/bench/scaling.py tests/bench/submit.py \
	tests/bench/table.py
EXTRA_DIST += $(bench_scripts) tests/bench/scaling.svg

# One after the other: both make the library.
bench-programs: all
	@$(MAKE) --no-print-directory $(bench_programs)

bench: bench-programs
	LEAD_BUILD='$(abs_builddir)' PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 \
		$(srcdir)/tests/bench/bench.py $(BENCH_FLAGS)
.PHONY: bench bench-programs
