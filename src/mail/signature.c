#include "mail/signature.h"

#include <string.h>

#include "base/text.h"
#include "mail/wording.h"

#define LINES_MAX 20   /* of a signature that are not blank */
#define LINES_SEEN 120 /* at a text's end, disclaimers included */
#define FOOTER_LINES 3 /* a phone's line is the last, but for so many */
#define LINE_LONG 90   /* bytes; a signature's lines are shorter */
#define BLOCK_LINES 10 /* of a signature without closing */
#define NAME_WORDS 4
#define CLOSING_MAX 25 /* bytes */
#define PHONE_DIGITS 7

typedef struct {
    const char *begin, *end; /* without white space around */
} Line;

static gboolean
is_blank(const Line *line)
{
    return line->begin == line->end;
}

/* The lines at the end of a text but for its first two, the last one first. */
static GArray *
last_lines(const char *text)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    const char *stop = text + strlen(text);
    while (stop > text && lines->len < LINES_SEEN) {
        const char *end = stop[-1] == '\n' ? stop - 1 : stop, *begin = text_line_begin(text, end);
        Line line = {begin, end};
        while (line.begin < line.end && (*line.begin == ' ' || *line.begin == '\t'))
            line.begin++;
        while (line.end > line.begin && (line.end[-1] == ' ' || line.end[-1] == '\t'))
            line.end--;
        g_array_append_val(lines, line);
        stop = begin;
    }
    /* The first line with something in it is never a signature's. */
    for (guint seen = 0; stop == text && lines->len > 0 && !seen;) {
        seen += !is_blank(&g_array_index(lines, Line, lines->len - 1));
        g_array_set_size(lines, lines->len - 1);
    }
    return lines;
}

static gsize
line_offset(const char *text, const Line *line)
{
    return text_line_begin(text, line->begin) - text;
}

/* --- the signs --- */

/* "--" at the line's beginning. As a text's second line it may be a form's: "New message", "--",
 * "Name: Ada". */
static gboolean
is_separator(const GArray *lines, guint i)
{
    const Line *line = &g_array_index(lines, Line, i);
    gboolean second = TRUE;
    if (line->end - line->begin != 2 || strncmp(line->begin, "--", 2) != 0 ||
        line->begin[-1] != '\n')
        return FALSE;
    for (guint above = i + 1; above < lines->len && second; above++)
        second = is_blank(&g_array_index(lines, Line, above));
    while (i > 0 && is_blank(&g_array_index(lines, Line, i - 1)))
        i--;
    if (i == 0)
        return !second;
    const Line *below = &g_array_index(lines, Line, i - 1);
    return !second || !memchr(below->begin, ':', below->end - below->begin);
}

static gboolean
is_device_line(const Line *line)
{
    return wording_skip_any(line->begin, line->end, WORDING_DEVICE_LINES) != NULL;
}

/* "Best regards," alone or, with `name`, "Thanks, Jane". */
static gboolean
is_closing(const Line *line)
{
    const guint16 *n = wording_candidates(WORDING_CLOSINGS, line->begin, line->end);
    for (; *n != WORDING_END; n++) {
        const char *after = wording_skip(line->begin, line->end, wording_closings[*n].words);
        if (!after)
            continue;
        gsize rest = line->end - after;
        if (rest == 0 || strspn(after, " ,.!:)-") >= rest || strncmp(after, "、", 3) == 0)
            return TRUE;
        if (*after == ',' && rest < 30 &&
            g_unichar_isupper(g_utf8_get_char(after + 1 + (after[1] == ' '))))
            return TRUE;
    }
    return FALSE;
}

static guint
digits_of(const Line *line)
{
    guint n = 0;
    for (const char *p = line->begin; p < line->end; p++)
        n += g_ascii_isdigit(*p);
    return n;
}

/* A phone, an address, a site: what signatures are for. */
static gboolean
is_evidence(const Line *line)
{
    gsize length = line->end - line->begin;
    return digits_of(line) >= PHONE_DIGITS || memchr(line->begin, '@', length) ||
           text_find(line->begin, length, "www.") || text_find(line->begin, length, "http");
}

/* "Jane Q. Doe", "Jane Doe, CPM", "JANE DOE | Facility Manager". */
static gboolean
looks_like_name(const Line *line)
{
    const char *end = line->begin;
    guint words = 0;
    while (end < line->end && !strchr(",|:;", *end))
        end++;
    if (end < line->end && strchr(":;", *end))
        return FALSE;
    for (const char *p = line->begin; p < end;) {
        gsize length = strcspn(p, " \t\n,|");
        length = MIN(length, (gsize)(end - p));
        if (length == 0) {
            p++;
            continue;
        }
        if (!g_unichar_isupper(g_utf8_get_char(p)) || ++words > NAME_WORDS ||
            wording_is_form_word(p, length) || strcspn(p, "0123456789@/!?") < length)
            return FALSE;
        p += length;
    }
    return words >= 2;
}

/* A sentence, rather than a line of a signature. */
static gboolean
is_prose(const Line *line)
{
    gsize length = line->end - line->begin;
    guint small = 0; /* words that begin with a small letter */
    if (memchr(line->begin, '|', length) || text_find(line->begin, length, "\xE2\x80\xA2"))
        return FALSE;
    for (const char *p = line->begin; p < line->end; p++)
        small += g_ascii_islower(*p) && (p == line->begin || p[-1] == ' ');
    return length > LINE_LONG ||
           (length > 30 && small >= 3 && strchr(".?!,", line->end[-1]) && !is_evidence(line));
}

/* Whether a line begins with the writer's name: "Ron Pike, Owner" of "Pike, Ronald". */
static gboolean
is_author(const Line *line, char **author)
{
    guint words = 0, same = 0, alike = 0;
    for (const char *p = line->begin; p < line->end && !strchr(",|", *p);) {
        gsize length = MIN(strcspn(p, " \t\n,|"), (gsize)(line->end - p));
        if (length == 0) {
            p++;
            continue;
        }
        if (++words > NAME_WORDS || memchr(p, ':', length))
            return FALSE;
        for (char **word = author; *word; word++) {
            gboolean is_same =
                strlen(*word) == length && g_ascii_strncasecmp(*word, p, length) == 0;
            same += is_same;
            alike += !is_same && g_ascii_tolower(**word) == g_ascii_tolower(*p);
        }
        p += length;
    }
    return words >= 2 && (same >= 2 || (same == 1 && alike >= 1));
}

/* --- looking --- */

/* Where the legal text at the end begins; how many of `lines` stand below the rest. */
static guint
skip_disclaimer(const GArray *lines)
{
    guint found = 0;
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        const char *begin = line->begin;
        while (begin < line->end && strchr("*_[(~ ", *begin))
            begin++;
        if (!is_blank(line) && wording_skip_any(begin, line->end, WORDING_DISCLAIMERS))
            found = i + 1;
    }
    while (found > 0 && found < lines->len) {
        const Line *line = &g_array_index(lines, Line, found);
        if (!is_blank(line) && strspn(line->begin, "-_=*~ ") < (gsize)(line->end - line->begin))
            break;
        found++;
    }
    while (found > 0 && is_blank(&g_array_index(lines, Line, found - 1)))
        found--;
    return found;
}

/* A closing's signature begins below it; there must be more than a name. */
static guint
below_closing(const GArray *lines, guint from, guint closing)
{
    guint n = 0, evidence = 0, first = closing;
    for (guint i = closing; i-- > from;) {
        const Line *line = &g_array_index(lines, Line, i);
        if (is_blank(line))
            continue;
        if (n++ == 0)
            first = i;
        evidence += is_evidence(line);
        if (line->end - line->begin > 2 * LINE_LONG || (is_prose(line) && n <= 2))
            return 0;
    }
    return n >= 2 || evidence > 0 ? first + 1 : 0;
}

/* What stands above a signature without a known closing: an empty line, the end of a sentence, or
 * few words and a comma. */
static gboolean
is_above_block(const char *text, const GArray *lines, guint i)
{
    if (i >= lines->len) { /* the text's first line, which is none of `lines` */
        gsize blank = strspn(text, " \t\n"), length = text_line(text + blank);
        return length > 0 && strchr(".?!", text[blank + length - 1]);
    }
    const Line *line = &g_array_index(lines, Line, i);
    gsize length = line->end - line->begin;
    return length == 0 || strchr(".?!", line->end[-1]) ||
           (length <= CLOSING_MAX && line->end[-1] == ','); /* "Peace," */
}

/* A block of short lines that begins with a name; its first line's number + 1, or 0. */
static guint
find_block(const char *text, const GArray *lines, guint from)
{
    guint best = 0, n = 0;
    gboolean evidence = FALSE;
    for (guint i = from; i < lines->len && n < BLOCK_LINES; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        if (is_blank(line))
            continue;
        if (is_prose(line))
            break;
        /* A form's questions and answers. */
        if (wording_is_label(line->begin, line->end) || line->end[-1] == '?')
            return 0;
        n++;
        if (evidence && is_above_block(text, lines, i + 1) && looks_like_name(line))
            best = i + 1;
        evidence |= is_evidence(line);
    }
    return best;
}

/* Below what was said, the writer's own name with more beside or below it. */
static guint
find_author(const char *text, const GArray *lines, guint from, const char *name)
{
    guint n = 0;
    if (!name)
        return 0;
    g_auto(GStrv) author = g_strsplit_set(name, " ,\"", 8);
    for (guint i = from; i < lines->len && n < BLOCK_LINES; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        if (is_blank(line))
            continue;
        if (is_prose(line))
            break;
        n++;
        gsize length = line->end - line->begin;
        gboolean beside = memchr(line->begin, ',', length) || memchr(line->begin, '|', length);
        gboolean apart = beside || (n > 1 && is_above_block(text, lines, i + 1));
        if (apart && is_author(line, author))
            return i + 1;
    }
    return 0;
}

/* The separator among the lines from `legal` on; the text's length when there is none. */
static gsize
find_separator(const char *text, const GArray *lines, guint legal)
{
    guint n = 0;
    for (guint i = legal; i < lines->len && n <= LINES_MAX; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        if (is_separator(lines, i))
            return line_offset(text, line);
        n += !is_blank(line);
    }
    return strlen(text);
}

gsize
signature_separator(const char *text)
{
    if (!strstr(text, "\n--")) /* most have none */
        return strlen(text);
    g_autoptr(GArray) lines = last_lines(text);
    return find_separator(text, lines, skip_disclaimer(lines));
}

/* A phone's line among the last, which is the first that is no signature's above; else `legal`. */
static guint
find_device(const GArray *lines, guint legal)
{
    guint n = 0;
    for (guint i = legal; i < lines->len && n < FOOTER_LINES; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        if (!is_blank(line) && is_device_line(line))
            return i + 1;
        n += !is_blank(line);
    }
    return legal;
}

/* The line below a closing; 0 when there is none. */
static guint
find_closing(const GArray *lines, guint from)
{
    guint n = 0;
    for (guint i = from; i < lines->len && n <= LINES_MAX; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        guint first = is_closing(line) ? below_closing(lines, from, i) : 0;
        if (first > 0)
            return first;
        n += !is_blank(line);
    }
    return 0;
}

gsize
signature_begin(const char *text, const char *author)
{
    g_autoptr(GArray) lines = last_lines(text);
    guint legal = skip_disclaimer(lines);
    gsize separator = find_separator(text, lines, legal);
    if (text[separator])
        return separator;
    guint device = find_device(lines, legal), found = find_closing(lines, device);
    if (found == 0)
        found = find_block(text, lines, device);
    if (found == 0)
        found = find_author(text, lines, device, author);
    if (found == 0)
        found = device;
    return found > 0 ? line_offset(text, &g_array_index(lines, Line, found - 1)) : strlen(text);
}

gboolean
signature_is_of(const char *signature, const char *name)
{
    const char *begin = signature + strspn(signature, "- \t\n");
    Line line = {begin, begin + text_line(begin)};
    if (!name || is_blank(&line))
        return FALSE;
    g_auto(GStrv) words = g_strsplit_set(name, " ,\"", 8);
    return is_author(&line, words);
}
