#include "rules/literal.h"

#include <string.h>

#define DEPTH_MAX 30 /* of groups in groups */

typedef struct {
    const char *p;
    guint depth;
    gboolean quoted;   /* between \Q and \E, where all are letters */
    gboolean extended; /* (?x): blanks and comments mean nothing */
    gboolean failed;   /* something is not understood: nothing is said of the pattern */
} Parser;

/* A set of texts. */
typedef GPtrArray Texts;

/* What is known of a piece of a pattern. */
typedef struct {
    Texts *whole;    /* it matches these texts and no others; NULL when not known */
    GPtrArray *sets; /* Texts: of each of them one is in what it matches, or beside it */
} Need;

typedef enum { ATOM_LETTER, ATOM_GROUP, ATOM_OTHER } AtomKind;

typedef struct {
    AtomKind kind;
    char letter;
    Need need; /* of a group */
} Atom;

/* --- folding --- */

#define SIGN ((char)0x80) /* all that are neither letters nor of ASCII */

static char
fold(gunichar c)
{
    if (c == 0x0345) /* a iota below another letter, which is a mark */
        c = 0x03B9;
    if (!g_unichar_isalpha(c))
        return SIGN;
    /* Upper case first: two small letters may have one capital, as the sigmas have. */
    c = g_unichar_tolower(g_unichar_toupper(c));
    return (char)(c < 0x80 ? c : 0x80 | (c & 0x7F));
}

char
literal_fold(gunichar c)
{
    static _Atomic char known[0x800]; /* of the characters of two bytes; 0: not yet */
    if (c >= G_N_ELEMENTS(known))
        return fold(c);
    char folded = known[c];
    if (!folded)
        known[c] = folded = fold(c);
    return folded;
}

/* --- sets --- */

static Texts *
texts_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static void
texts_free(Texts *texts)
{
    if (texts)
        g_ptr_array_unref(texts);
}

static void
need_clear(Need *need)
{
    g_clear_pointer(&need->whole, texts_free);
    g_clear_pointer(&need->sets, g_ptr_array_unref);
}

static Texts *
texts_with(const char *text)
{
    Texts *texts = texts_new();
    g_ptr_array_add(texts, g_strdup(text));
    return texts;
}

static Texts *
texts_copy(const Texts *texts)
{
    Texts *copy = texts_new();
    for (guint i = 0; i < texts->len; i++)
        g_ptr_array_add(copy, g_strdup(g_ptr_array_index(texts, i)));
    return copy;
}

static gsize
shortest(const Texts *texts)
{
    gsize least = G_MAXSIZE;
    for (guint i = 0; i < texts->len; i++)
        least = MIN(least, strlen(g_ptr_array_index(texts, i)));
    return least;
}

static gsize
longest(const Texts *texts)
{
    gsize most = 0;
    for (guint i = 0; i < texts->len; i++)
        most = MAX(most, strlen(g_ptr_array_index(texts, i)));
    return most;
}

/* Every text of the one before every text of the other; NULL when that is too much. */
static Texts *
texts_joined(const Texts *before, const Texts *behind)
{
    if (before->len * behind->len > LITERALS_MAX || longest(before) + longest(behind) > LITERAL_MAX)
        return NULL;
    Texts *joined = texts_new();
    for (guint i = 0; i < before->len; i++)
        for (guint k = 0; k < behind->len; k++)
            g_ptr_array_add(joined, g_strconcat(g_ptr_array_index(before, i),
                                                g_ptr_array_index(behind, k), NULL));
    return joined;
}

static gboolean
is_same(const Texts *one, const Texts *other)
{
    gboolean same = one->len == other->len;
    for (guint i = 0; i < one->len && same; i++)
        same = strcmp(g_ptr_array_index(one, i), g_ptr_array_index(other, i)) == 0;
    return same;
}

/* The better first: the longer texts, the fewer. */
static gint
compare_texts(gconstpointer a, gconstpointer b)
{
    const Texts *one = *(Texts *const *)a, *other = *(Texts *const *)b;
    gsize length = shortest(one), others = shortest(other);
    if (length != others)
        return length > others ? -1 : 1;
    return one->len < other->len ? -1 : one->len > other->len;
}

/* Sets are kept the best first. Takes the texts over. */
static void
sets_add(GPtrArray *sets, Texts *texts)
{
    gboolean useless = shortest(texts) < LITERAL_MIN;
    for (guint i = 0; i < sets->len && !useless; i++)
        useless = is_same(g_ptr_array_index(sets, i), texts);
    if (useless) {
        texts_free(texts);
        return;
    }
    g_ptr_array_add(sets, texts);
    g_ptr_array_sort(sets, compare_texts);
    if (sets->len > LITERAL_SETS_MAX)
        g_ptr_array_set_size(sets, LITERAL_SETS_MAX);
}

static GPtrArray *
sets_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)texts_free);
}

/* --- the pattern --- */

static Need parse_alternatives(Parser *parser);

static Atom
other(Parser *parser, gsize length)
{
    parser->p += length;
    return (Atom){.kind = ATOM_OTHER};
}

static Atom
fail(Parser *parser)
{
    parser->failed = TRUE;
    return (Atom){.kind = ATOM_OTHER};
}

/* A letter that GLib knows in one case only may have got the other in the Unicode of PCRE2. */
static gboolean
may_have_another_case(gunichar c)
{
    return (g_unichar_islower(c) || g_unichar_isupper(c)) &&
           g_unichar_tolower(c) == g_unichar_toupper(c);
}

static Atom
foreign_letter(Parser *parser, const char *at)
{
    gunichar c = g_utf8_get_char(at);
    if (parser->extended && !g_unichar_isalpha(c)) /* some are blanks to PCRE2 */
        return fail(parser);
    parser->p = g_utf8_next_char(at);
    if (may_have_another_case(c))
        return (Atom){.kind = ATOM_OTHER};
    return (Atom){.kind = ATOM_LETTER, .letter = literal_fold(c)};
}

/* The letter at `at`, and on behind it. */
static Atom
letter(Parser *parser, const char *at)
{
    if (*at & 0x80)
        return foreign_letter(parser, at);
    parser->p = at + 1;
    if (g_ascii_iscntrl(*at))
        return (Atom){.kind = ATOM_OTHER};
    return (Atom){.kind = ATOM_LETTER, .letter = g_ascii_tolower(*at)};
}

static Atom
parse_escape(Parser *parser)
{
    char c = parser->p[1];
    if (!c)
        return fail(parser);
    if (!g_ascii_isalnum(c))
        return letter(parser, parser->p + 1);
    /* Classes, places and control characters. \N{…} is neither. */
    if (strchr("dDwWsShHvVRXbBAZzGKtnrfea", c) || (c == 'N' && parser->p[2] != '{'))
        return other(parser, 2);
    if (c == 'p' || c == 'P') { /* \pL, \p{Lu} */
        const char *end = parser->p[2] == '{' ? strchr(parser->p, '}') : parser->p + 2;
        return end && *end ? other(parser, (gsize)(end + 1 - parser->p)) : fail(parser);
    }
    return fail(parser);
}

/* [:alpha:] inside a class; its length, 0 when it is none. */
static gsize
posix_class(const char *p)
{
    gsize length = 2;
    if (!g_str_has_prefix(p, "[:"))
        return 0;
    length += p[length] == '^';
    while (g_ascii_isalpha(p[length]))
        length++;
    return g_str_has_prefix(p + length, ":]") ? length + 2 : 0;
}

static Atom
parse_class(Parser *parser)
{
    const char *p = parser->p + 1;
    if (*p && !strchr("^\\[]", *p) && p[1] == ']') {
        Atom atom = letter(parser, p);
        parser->p++;
        return atom;
    }
    p += *p == '^';
    p += *p == ']';
    while (*p && *p != ']') {
        gsize posix = *p == '[' ? posix_class(p) : 0;
        gboolean escape = *p == '\\';
        if (escape && (!p[1] || strchr("QEc", p[1]))) /* \c] is one character */
            return fail(parser);
        if (*p == '[' && !posix && strchr(":.=", p[1]))
            return fail(parser);
        p += posix ? posix : escape ? 2 : 1;
    }
    return *p ? other(parser, p + 1 - parser->p) : fail(parser);
}

/* Behind "name>" or "name'"; NULL when it is none. */
static const char *
skip_name(const char *p, char end)
{
    const char *begin = p;
    while (g_ascii_isalnum(*p) || *p == '_')
        p++;
    return p > begin && *p == end ? p + 1 : NULL;
}

/* GROUP_BESIDE is there and not part of the match, GROUP_NOT must not be there. */
typedef enum { GROUP_PLAIN, GROUP_BESIDE, GROUP_NOT, GROUP_EMPTY, GROUP_UNKNOWN } GroupKind;

/* "(?i)", "(?x-s:". In (?xx) the blanks in classes mean nothing, either. */
static GroupKind
read_options(Parser *parser, const char *options, const char *behind)
{
    const char *x = memchr(options, 'x', behind - options);
    if (!x)
        return *behind == ':' ? GROUP_PLAIN : GROUP_EMPTY;
    if (memchr(x + 1, 'x', behind - x - 1))
        return GROUP_UNKNOWN;
    parser->extended = !memchr(options, '-', x - options);
    return *behind == ':' ? GROUP_PLAIN : GROUP_EMPTY;
}

/* What the "(?…" at `p` begins, and where its inside does; of GROUP_EMPTY, where it ends. */
static GroupKind
group_kind(Parser *parser, const char *p, const char **inside)
{
    const char *behind = p + strspn(p, "imsx-"), *name = NULL;
    if (*behind == ':' || (behind > p && *behind == ')')) {
        *inside = behind + 1;
        return read_options(parser, p, behind);
    }
    *inside = p + 1;
    if (*p == '>' || *p == '|')
        return GROUP_PLAIN;
    if (*p == '=' || *p == '!')
        return *p == '=' ? GROUP_BESIDE : GROUP_NOT;
    if (*p == '<' && (p[1] == '=' || p[1] == '!')) {
        *inside = p + 2;
        return p[1] == '=' ? GROUP_BESIDE : GROUP_NOT;
    }
    if (*p == '<' || *p == '\'')
        name = skip_name(p + 1, *p == '<' ? '>' : '\'');
    else if (g_str_has_prefix(p, "P<"))
        name = skip_name(p + 2, '>');
    if (name) {
        *inside = name;
        return GROUP_PLAIN;
    }
    if (*p == '&' || g_str_has_prefix(p, "P>")) /* (?&phone) */
        name = skip_name(p + (*p == '&' ? 1 : 2), ')');
    *inside = name;
    return name ? GROUP_EMPTY : GROUP_UNKNOWN;
}

static Atom
parse_group(Parser *parser)
{
    const char *inside = parser->p + 1;
    gboolean extended = parser->extended; /* as again behind the group */
    GroupKind kind = GROUP_PLAIN;
    if (*inside == '*')
        kind = GROUP_UNKNOWN; /* (*UTF), (*atomic:…) */
    else if (*inside == '?')
        kind = group_kind(parser, inside + 1, &inside);
    if (kind == GROUP_UNKNOWN || parser->depth >= DEPTH_MAX)
        return fail(parser);
    if (kind == GROUP_EMPTY)
        return other(parser, inside - parser->p);
    parser->p = inside;
    parser->depth++;
    Atom atom = {.kind = ATOM_GROUP, .need = parse_alternatives(parser)};
    parser->depth--;
    parser->extended = extended;
    if (*parser->p != ')')
        parser->failed = TRUE;
    else
        parser->p++;
    if (kind == GROUP_BESIDE)
        g_clear_pointer(&atom.need.whole, texts_free);
    if (kind == GROUP_NOT) {
        need_clear(&atom.need);
        atom.kind = ATOM_OTHER;
    }
    return atom;
}

/* Past \Q and \E and what (?x) leaves out, to what is to be read. */
static inline void
skip_unread(Parser *parser)
{
    gsize length;
    do {
        const char *p = parser->p;
        length = 0;
        if (*p == '\\' && p[1] == (parser->quoted ? 'E' : 'Q')) {
            parser->quoted = !parser->quoted;
            length = 2;
        } else if (parser->extended && !parser->quoted) {
            length = *p == '#' ? strcspn(p, "\n") : strspn(p, "\t\n\v\f\r ");
        }
        parser->p += length;
    } while (length > 0);
}

static Atom
parse_atom(Parser *parser)
{
    char c = *parser->p;
    if (parser->quoted)
        return letter(parser, parser->p);
    switch (c) {
    case '\\':
        return parse_escape(parser);
    case '[':
        return parse_class(parser);
    case '(':
        return parse_group(parser);
    case '.':
    case '^':
    case '$':
        return other(parser, 1);
    case '*':
    case '+':
    case '?':
    case '{':
        return fail(parser);
    default:
        return letter(parser, parser->p);
    }
}

typedef enum { ONCE, AT_LEAST_ONCE, PERHAPS } Times;

static Times
parse_times(Parser *parser)
{
    Times times = ONCE;
    skip_unread(parser);
    if (parser->quoted)
        return ONCE;
    const char *p = parser->p;
    if (*p == '*' || *p == '?') {
        times = PERHAPS;
        p++;
    } else if (*p == '+') {
        times = AT_LEAST_ONCE;
        p++;
    } else if (*p == '{') {
        gsize digits = strspn(p + 1, "0123456789");
        gboolean none = strspn(p + 1, "0") == digits;
        p += 1 + digits;
        if (*p == ',')
            p += 1 + strspn(p + 1, "0123456789");
        if (digits == 0 || *p != '}') { /* literal, or not, by PCRE2's version */
            parser->failed = TRUE;
            return PERHAPS;
        }
        times = none ? PERHAPS : AT_LEAST_ONCE;
        p++;
    }
    if (times != ONCE && (*p == '?' || *p == '+'))
        p++;
    parser->p = p;
    return times;
}

/* One alternative being read: the texts that the last pieces are, and what else is known. */
typedef struct {
    Texts *run;
    GPtrArray *sets; /* Texts */
    gboolean whole;  /* the run goes back to the beginning */
} Branch;

static void
end_run(Branch *branch)
{
    branch->whole = FALSE;
    if (branch->run->len == 1 && longest(branch->run) == 0) /* as after the piece before */
        return;
    sets_add(branch->sets, branch->run);
    branch->run = texts_with("");
}

static void
append_texts(Branch *branch, const Texts *texts)
{
    Texts *joined = texts_joined(branch->run, texts);
    if (!joined) {
        end_run(branch);
        joined = texts_joined(branch->run, texts);
    }
    if (!joined)
        return;
    texts_free(branch->run);
    branch->run = joined;
}

/* Most of a pattern is letters. */
static void
append_letter(Branch *branch, char letter)
{
    if (longest(branch->run) >= LITERAL_MAX)
        end_run(branch);
    for (guint i = 0; i < branch->run->len; i++) {
        char *text = branch->run->pdata[i];
        gsize length = strlen(text);
        text = branch->run->pdata[i] = g_realloc(text, length + 2);
        text[length] = letter;
        text[length + 1] = '\0';
    }
}

static void
append_atom(Branch *branch, Atom *atom, Times times)
{
    if (times == PERHAPS || atom->kind == ATOM_OTHER) {
        end_run(branch);
    } else if (atom->kind == ATOM_LETTER || atom->need.whole) {
        if (atom->kind == ATOM_LETTER)
            append_letter(branch, atom->letter);
        else
            append_texts(branch, atom->need.whole);
        if (times != ONCE)
            end_run(branch);
    } else {
        end_run(branch);
        while (atom->need.sets->len > 0)
            sets_add(branch->sets, g_ptr_array_steal_index(atom->need.sets, 0));
    }
    need_clear(&atom->need);
}

static gboolean
is_at_end(Parser *parser)
{
    skip_unread(parser);
    return parser->failed || !*parser->p ||
           (!parser->quoted && (*parser->p == '|' || *parser->p == ')'));
}

static Need
parse_branch(Parser *parser)
{
    Branch branch = {texts_with(""), sets_new(), TRUE};
    while (!is_at_end(parser)) {
        Atom atom = parse_atom(parser);
        Times times = parser->failed ? PERHAPS : parse_times(parser);
        append_atom(&branch, &atom, times);
    }
    Need need = {.whole = branch.whole ? texts_copy(branch.run) : NULL};
    sets_add(branch.sets, branch.run);
    need.sets = branch.sets;
    return need;
}

/* One of either; NULL when one is not known, or it is too much. Both are taken over. */
static Texts *
texts_either(Texts *one, Texts *other)
{
    if (!one || !other || one->len + other->len > LITERALS_MAX) {
        texts_free(one);
        texts_free(other);
        return NULL;
    }
    for (guint i = 0; i < other->len; i++)
        g_ptr_array_add(one, g_strdup(g_ptr_array_index(other, i)));
    texts_free(other);
    return one;
}

/* Of what is known of two alternatives, what is known of both. */
static void
sets_either(GPtrArray *all, GPtrArray *next)
{
    Texts *either = all->len && next->len ? texts_either(g_ptr_array_steal_index(all, 0),
                                                         g_ptr_array_steal_index(next, 0))
                                          : NULL;
    g_ptr_array_set_size(all, 0);
    if (either)
        g_ptr_array_add(all, either);
}

static Need
parse_alternatives(Parser *parser)
{
    Need all = parse_branch(parser);
    while (!parser->failed && *parser->p == '|') {
        parser->p++;
        Need next = parse_branch(parser);
        all.whole = texts_either(all.whole, g_steal_pointer(&next.whole));
        sets_either(all.sets, next.sets);
        need_clear(&next);
    }
    return all;
}

GPtrArray *
literal_required(const char *pattern)
{
    Parser parser = {.p = pattern};
    Need need = parse_alternatives(&parser);
    GPtrArray *sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    while (!parser.failed && !*parser.p && need.sets->len > 0) {
        Texts *texts = g_ptr_array_steal_index(need.sets, 0);
        g_ptr_array_set_free_func(texts, NULL);
        g_ptr_array_add(texts, NULL);
        g_ptr_array_add(sets, g_ptr_array_free(texts, FALSE));
    }
    need_clear(&need);
    return sets;
}
