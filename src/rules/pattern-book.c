/* Compiling, and the named subpatterns.
 *
 * The definitions that a pattern uses stand *behind* it, as (?(DEFINE)…): so the pattern's own
 * groups keep their numbers and PCRE2's error offsets are offsets into the admin's text. */
#include "rules/pattern-private.h"

#include <string.h>

#include "base/diag.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/once.h"
#include "rules/literal.h"

/* Closes what an admin's text may leave open, so that it cannot swallow the definitions: \E ends
 * a \Q; the two halves of a comment group end a #-comment under (?x) and are one comment without;
 * then his options are put back to ours. */
#define SUFFIX_BEGIN "\\E(?#\n(?#)(?^im)(?-U)(?(DEFINE)"
#define SUFFIX_END ")"

struct PatternBook {
    GHashTable *definitions; /* name → text */
    GPtrArray *names;        /* in the order of adding, for suggest(); no NULL at its end */
    GMutex lock;             /* of `compiled` */
    GHashTable *compiled;    /* text → Pattern */
};

PatternBook *
pattern_book_new(void)
{
    PatternBook *book = g_new0(PatternBook, 1);
    book->definitions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    book->names = g_ptr_array_new();
    g_mutex_init(&book->lock);
    book->compiled =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)pattern_unref);
    return book;
}

void
pattern_book_free(PatternBook *book)
{
    if (!book)
        return;
    g_ptr_array_unref(book->names);
    g_hash_table_unref(book->definitions);
    g_hash_table_unref(book->compiled);
    g_mutex_clear(&book->lock);
    g_free(book);
}

gboolean
pattern_book_add(PatternBook *book, const char *name, const char *text)
{
    if (g_hash_table_contains(book->definitions, name))
        return FALSE;
    char *key = g_strdup(name);
    g_hash_table_insert(book->definitions, key, g_strdup(text));
    g_ptr_array_add(book->names, key);
    return TRUE;
}

void
pattern_error_clear(PatternError *error)
{
    g_clear_pointer(&error->message, g_free);
}

static void *
allocate(size_t size, void *unused)
{
    return memory_new(size);
}

static void
give_back(void *memory, void *unused)
{
    g_free(memory);
}

static gpointer
make_memory(gpointer unused)
{
    return pcre2_general_context_create(allocate, give_back, NULL);
}

pcre2_general_context *
pattern_memory(void)
{
    static gpointer once;
    return once_get(&once, make_memory, NULL);
}

pcre2_code *
pattern_code(const char *text, guint32 extra_options, int *code, gsize *offset)
{
    static gsize once;
    static pcre2_compile_context *context;
    if (g_once_init_enter(&once)) {
        context = pcre2_compile_context_create(pattern_memory());
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        g_once_init_leave(&once, 1);
    }
    guint32 options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_MULTILINE |
                      PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT | extra_options;
    return pcre2_compile((PCRE2_SPTR)text, strlen(text), options, code, offset, context);
}

/* --- references --- */

static gboolean
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

/* The length of the name of a reference to a subpattern that begins at `p`, 0 when none does:
 * (?&name) or (?P>name). *name is its place. */
static gsize
reference_at(const char *p, const char **name)
{
    gsize skip = g_str_has_prefix(p, "(?&") ? 3 : g_str_has_prefix(p, "(?P>") ? 4 : 0;
    if (!skip)
        return 0;
    gsize length = 0;
    while (is_name_char(p[skip + length]))
        length++;
    *name = p + skip;
    return length;
}

/* Add to `used` each definition that `text` refers to and that is not there yet. */
static void
collect(PatternBook *book, const char *text, GPtrArray *used)
{
    for (const char *p = strchr(text, '('); p; p = strchr(p + 1, '(')) {
        const char *at;
        gsize length = reference_at(p, &at);
        if (!length)
            continue;
        g_autofree char *name = g_strndup(at, length);
        gpointer key;
        if (g_hash_table_lookup_extended(book->definitions, name, &key, NULL) &&
            !g_ptr_array_find(used, key, NULL))
            g_ptr_array_add(used, key);
    }
}

/* The definitions that `text` uses, also by way of others, as one block, and the name of the first;
 * NULL when it uses none. */
static char *
definitions_for(PatternBook *book, const char *text, const char **first)
{
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    collect(book, text, used);
    if (!used->len)
        return NULL;
    *first = g_ptr_array_index(used, 0);
    GString *block = g_string_new(SUFFIX_BEGIN);
    for (guint i = 0; i < used->len; i++) {
        const char *name = g_ptr_array_index(used, i);
        const char *definition = g_hash_table_lookup(book->definitions, name);
        g_string_append_printf(block, "(?<%s>%s\\E(?#\n(?#))", name, definition);
        collect(book, definition, used); /* the loop goes on over what this adds */
    }
    g_string_append(block, SUFFIX_END);
    return g_string_free(block, FALSE);
}

static guint
capture_count(const pcre2_code *code)
{
    guint32 count = 0;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}

/* How many groups come before the definitions, of which this is the first; it is the last group of
 * its name, if the admin allowed himself two with (?J). */
static guint
groups_before(const pcre2_code *code, const char *name)
{
    PCRE2_SPTR first, last;
    if (pcre2_substring_nametable_scan(code, (PCRE2_SPTR)name, &first, &last) < 0)
        return 0;
    return ((guint)last[0] << 8 | last[1]) - 1;
}

/* --- errors --- */

static void
set_error(PatternError *error, gssize offset, char *message)
{
    error->offset = offset;
    error->message = message;
}

/* PCRE2 found no group of that name: say which, and which could be meant. */
static void
unknown_reference(PatternBook *book, const char *text, gsize offset, PatternError *error)
{
    gsize length = 0;
    while (is_name_char(text[offset + length]))
        length++;
    g_autofree char *name = g_strndup(text + offset, length);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; book && i < book->names->len; i++)
        g_ptr_array_add(names, g_ptr_array_index(book->names, i));
    g_ptr_array_add(names, NULL);
    const char *near = suggest(name, (const char *const *)names->pdata);
    if (near)
        set_error(error, offset,
                  g_strdup_printf("unknown subpattern \"%s\"; did you mean \"%s\"?", name, near));
    else
        set_error(error, offset, g_strdup_printf("unknown subpattern \"%s\"", name));
}

static void
compile_error(PatternBook *book, const char *text, int code, gsize offset, PatternError *error)
{
    if (offset > strlen(text)) {
        set_error(error, -1,
                  g_strdup("does not compile together with the subpatterns it uses; "
                           "is one of their names that of a group?"));
        return;
    }
    if (code == PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE && is_name_char(text[offset]) &&
        !g_ascii_isdigit(text[offset])) {
        unknown_reference(book, text, offset, error);
        return;
    }
    char words[256];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof words);
    set_error(error, offset, g_strdup_printf("does not compile: %s", words));
}

/* --- compiling --- */

/* Does it repeat without bound at two places or more? Then the time for one starting place grows
 * faster than the text (`.*.*=`), see pattern.c. Rough is enough: too often TRUE costs little. */
static gboolean
is_ambitious(const char *text)
{
    guint repeats = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '*' || *p == '+') {
            repeats++;
        } else if (*p == '{' && g_ascii_isdigit(p[1])) {
            const char *comma = p + strspn(p, "{0123456789");
            char *end;
            if (*comma == ',' && (g_ascii_strtoull(comma + 1, &end, 10) > 32 || end == comma + 1))
                repeats++;
        }
    }
    return repeats > 1;
}

static Pattern *
pattern_new(const char *text, char *full, pcre2_code *code, guint groups)
{
    Pattern *pattern = g_atomic_rc_box_new0(Pattern);
    pattern->text = g_strdup(text);
    pattern->full = full;
    pattern->code = code;
    pattern->pairs = capture_count(code) + 1;
    pattern->groups = groups;
    pattern->ambitious = is_ambitious(full);
    int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR) "value");
    if (number > 0 && (guint)number <= pattern->groups)
        pattern->value_group = number;
    return pattern;
}

static Pattern *
compile(const char *text, PatternBook *book, PatternError *error)
{
    int code;
    gsize offset;
    *error = (PatternError){NULL, -1};
    if (strlen(text) > LIMIT_PATTERN) {
        set_error(error, -1, g_strdup_printf("longer than %d bytes", LIMIT_PATTERN));
        return NULL;
    }
    pcre2_code *compiled = pattern_code(text, 0, &code, &offset);
    if (compiled)
        return pattern_new(text, g_strdup(text), compiled, capture_count(compiled));
    const char *first = NULL;
    g_autofree char *block = book && code == PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE
                                 ? definitions_for(book, text, &first)
                                 : NULL;
    if (block) {
        g_autofree char *full = g_strconcat(text, block, NULL);
        compiled = pattern_code(full, 0, &code, &offset);
        if (compiled)
            return pattern_new(text, g_steal_pointer(&full), compiled,
                               groups_before(compiled, first));
    }
    compile_error(book, text, code, offset, error);
    return NULL;
}

/* The book's own of this text, or NULL. */
static Pattern *
find_compiled(PatternBook *book, const char *text)
{
    g_mutex_lock(&book->lock);
    Pattern *pattern = g_hash_table_lookup(book->compiled, text);
    if (pattern)
        pattern_ref(pattern);
    g_mutex_unlock(&book->lock);
    return pattern;
}

/* Into the book. Of two that compiled the same at the same time, the later takes the other's. */
static Pattern *
keep_compiled(PatternBook *book, Pattern *pattern)
{
    g_mutex_lock(&book->lock);
    Pattern *other = g_hash_table_lookup(book->compiled, pattern->text);
    if (other)
        pattern_ref(other);
    else
        g_hash_table_insert(book->compiled, pattern->text, pattern_ref(pattern));
    g_mutex_unlock(&book->lock);
    if (!other)
        return pattern;
    pattern_unref(pattern);
    return other;
}

Pattern *
pattern_compile(const char *text, PatternBook *book, PatternError *error)
{
    Pattern *pattern = book ? find_compiled(book, text) : NULL;
    if (pattern)
        return pattern;
    pattern = compile(text, book, error);
    if (!pattern)
        return NULL;
    pattern->literals = literal_required(text);
    return book ? keep_compiled(book, pattern) : pattern;
}

gboolean
pattern_book_check(PatternBook *book, const char *name, PatternError *error)
{
    const char *text = g_hash_table_lookup(book->definitions, name);
    g_autoptr(Pattern) pattern = compile(text, book, error);
    if (!pattern)
        return FALSE;
    guint32 highest = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_BACKREFMAX, &highest);
    if (highest && pattern->groups) {
        set_error(error, -1,
                  g_strdup("a named subpattern cannot use back references: its groups have "
                           "other numbers where it is used"));
        return FALSE;
    }
    return TRUE;
}

Pattern *
pattern_ref(Pattern *pattern)
{
    return g_atomic_rc_box_acquire(pattern);
}

static void
pattern_clear(gpointer data)
{
    Pattern *pattern = data;
    g_free(pattern->text);
    g_free(pattern->full);
    g_clear_pointer(&pattern->literals, g_ptr_array_unref);
    pcre2_code_free(pattern->code);
    pcre2_code_free(pattern->fast);
    pcre2_code_free(pattern->guarded);
}

void
pattern_unref(Pattern *pattern)
{
    if (pattern)
        g_atomic_rc_box_release_full(pattern, pattern_clear);
}

const char *
pattern_text(const Pattern *pattern)
{
    return pattern->text;
}

const GPtrArray *
pattern_literals(const Pattern *pattern)
{
    return pattern->literals;
}

gboolean
pattern_needs_text(const Pattern *pattern)
{
    guint32 least = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_MINLENGTH, &least);
    return least > 0;
}
