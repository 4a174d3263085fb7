#include "mail/footer.h"

#include <string.h>

#include "base/text.h"
#include "mail/wording.h"

/* What a form adds of the visitor's browser may also stand above its message. */
#define META_LINES 6
/* So many answers make a form; the site's address has so many lines at most. */
#define ANSWERS 3
#define ADDRESS_LINES 3
#define LABEL_LENGTH 40
#define PHONE_DIGITS 7
#define PHONE_LETTERS 12
#define SENTENCE_WORDS 2

/* Behind a text's first two lines that are not blank. */
static gsize
behind_two_lines(const char *text)
{
    gsize at = 0;
    for (guint i = 0; i < 2; i++) {
        at += strspn(text + at, " \t\n");
        at += text_line(text + at);
    }
    return at;
}

/* --- the words --- */

/* "Message: …": what stands below the visitor's browser then is still the form. */
static gboolean
is_form_answer(const char *line, const char *stop)
{
    const char *end = line;
    while (end < stop && *end != ':' && *end != '\t')
        end++;
    return end < stop && end - line < LABEL_LENGTH && wording_is_label(line, end);
}

/* Whether a line that is the n-th from below begins the boilerplate. */
static gboolean
begins_footer(const char *line, const char *stop, guint n, gboolean *form)
{
    const char *button = wording_skip_any(line, stop, WORDING_BUTTONS);
    if (button == stop || wording_skip_any(line, stop, WORDING_FOOTERS))
        return TRUE;
    if (*form)
        return FALSE;
    gboolean meta = n <= META_LINES && wording_skip_any(line, stop, WORDING_FORM_META);
    *form = !meta && is_form_answer(line, stop);
    return meta;
}

static gsize
phrase_begin(const char *text)
{
    gsize length = strlen(text), at = length, found = length, least = behind_two_lines(text);
    gboolean form = FALSE;
    for (guint n = 0; at > least && n < FOOTER_LINES;) {
        gsize end = text[at - 1] == '\n' ? at - 1 : at;
        gsize begin = text_line_begin(text, text + end) - text;
        if (begin < least)
            break;
        const char *line = text + begin + strspn(text + begin, " \t*|>-");
        const char *stop = text + end;
        at = begin;
        if (line < stop && begins_footer(line, stop, ++n, &form))
            found = begin;
    }
    return found;
}

/* --- the site's own address --- */

/* "IL 60607", as in the last line of a postal address. */
static gboolean
has_state_and_zip(const char *begin, const char *end)
{
    for (const char *p = begin; (p += strcspn(p, "0123456789\n")) < end;) {
        gsize digits = strspn(p, "0123456789"), before = p - begin;
        if (digits == 5 && end - p >= 5 && before >= 3 && p[-1] == ' ' && g_ascii_isupper(p[-2]) &&
            g_ascii_isupper(p[-3]) && (before == 3 || !g_ascii_isalnum(p[-4])))
            return TRUE;
        p += MAX(digits, 1);
    }
    return FALSE;
}

/* A sentence has words in small letters; an imprint has names. */
static gboolean
is_sentence(const char *begin, const char *end)
{
    guint small = 0;
    for (const char *p = begin; p < end && small < SENTENCE_WORDS; p++)
        small += g_ascii_islower(*p) && (p == begin || p[-1] == ' ');
    return small >= SENTENCE_WORDS;
}

/* "Name: Ada", a table's row, or a label above its value. */
static gboolean
is_answer(const char *line, gsize length)
{
    if (length < LABEL_LENGTH && wording_is_label(line, line + length))
        return TRUE;
    gsize label = strcspn(line, ":\t\n");
    return label >= 3 && label < MIN(length, LABEL_LENGTH) && strncmp(line + label, "://", 3) != 0;
}

/* "Acme, 1 Main St, Springfield, IL 62701 | (217) 555-0100" */
static gboolean
is_imprint(const char *begin, const char *end)
{
    return has_state_and_zip(begin, end) && !is_sentence(begin, end) &&
           (memchr(begin, '|', end - begin) ||
            text_find(begin, end - begin, "\xC2\xB7") ||    /* a middle dot */
            text_find(begin, end - begin, "\xE2\x80\xA2")); /* a bullet */
}

/* The length of the line at `at`, which ends at `end` at the latest. */
static gsize
line_length(const char *text, gsize at, gsize end)
{
    gsize length = text_line(text + at);
    return MIN(length, end - at);
}

/* Where the text's last lines that are not blank begin; `end` when there are none. */
static gsize
last_paragraph(const char *text, gsize end)
{
    gsize paragraph = end;
    for (gsize at = end; at > 0;) {
        gsize stop = text[at - 1] == '\n' ? at - 1 : at;
        at = text_line_begin(text, text + stop) - text;
        if (!text_is_blank(text + at, stop - at))
            paragraph = at;
        else if (paragraph < end)
            break;
    }
    return paragraph;
}

/* At most ANSWERS. */
static guint
count_answers(const char *text, gsize end)
{
    guint answers = 0;
    for (gsize at = 0; at < end && answers < ANSWERS;) {
        gsize length = line_length(text, at, end);
        answers += !text_is_blank(text + at, length) && is_answer(text + at, length);
        at += length + 1;
    }
    return answers;
}

/* Below a form's answers, a last paragraph of few lines with a postal address is the site's; and a
 * last line with an address and more. */
static gsize
address_begin(const char *text, gsize end, gboolean machine)
{
    gsize paragraph = last_paragraph(text, end), imprint = end;
    guint lines = 0;
    if (!has_state_and_zip(text + paragraph, text + end))
        return end;
    for (gsize at = paragraph; at < end;) {
        gsize length = line_length(text, at, end);
        const char *line = text + at, *stop = line + length;
        if (!text_is_blank(line, length)) {
            imprint = is_imprint(line, stop) ? at : end;
            lines++;
            if (is_answer(line, length) || is_sentence(line, stop)) /* they wrote it themselves */
                lines = ADDRESS_LINES + 1;
        }
        at += length + 1;
    }
    guint answers = machine ? ANSWERS : count_answers(text, end);
    if (lines <= ADDRESS_LINES && answers >= ANSWERS && paragraph > 0)
        return paragraph;
    return answers > 0 ? imprint : end;
}

/* A line with little more than a phone number, or with a postal address. */
static gboolean
is_contact_line(const char *begin, const char *end)
{
    guint digits = 0, letters = 0;
    for (const char *p = begin; p < end; p++) {
        digits += g_ascii_isdigit(*p);
        letters += g_ascii_isalpha(*p);
    }
    return !is_answer(begin, end - begin) &&
           (has_state_and_zip(begin, end) || (digits >= PHONE_DIGITS && letters <= PHONE_LETTERS));
}

/* The site's address and phone right above its words belong to them. */
static gsize
with_contact_lines(const char *text, gsize found)
{
    gsize least = behind_two_lines(text);
    for (guint n = 0; n < ADDRESS_LINES && found > least; n++) {
        gsize end = found - 1, begin = text_line_begin(text, text + end) - text;
        if (begin < least || !is_contact_line(text + begin, text + end))
            break;
        found = begin;
    }
    return found;
}

/* The separator right above a footer is the footer's: a mailing list's "-- ". */
static gsize
with_separator(const char *text, gsize found)
{
    gsize end = found;
    while (end > 0 && strchr(" \t\n", text[end - 1]))
        end--;
    gsize begin = end;
    while (begin > 0 && text[begin - 1] == '-')
        begin--;
    return end - begin >= 2 && (begin == 0 || text[begin - 1] == '\n') ? begin : found;
}

gsize
footer_begin(const char *text, gboolean machine)
{
    gsize words = phrase_begin(text);
    if (text[words])
        words = with_separator(text, with_contact_lines(text, words));
    return address_begin(text, words, machine);
}
