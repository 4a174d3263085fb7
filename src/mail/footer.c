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
    gboolean meta = n <= META_LINES && wording_skip_any(line, stop, WORDING_FORM_META);
    *form |= !meta && is_form_answer(line, stop);
    return meta && !*form;
}

static gsize
phrase_begin(const char *text)
{
    gsize length = strlen(text), at = length, found = length, least = behind_two_lines(text);
    gboolean form = FALSE;
    for (guint n = 0; at > least && n < FOOTER_LINES;) {
        gsize end = text[at - 1] == '\n' ? at - 1 : at, begin = end;
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
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
    for (const char *p = begin; end - p >= 8; p++)
        if (g_ascii_isupper(p[0]) && g_ascii_isupper(p[1]) && p[2] == ' ' &&
            strspn(p + 3, "0123456789") == 5 && (p == begin || !g_ascii_isalnum(p[-1])))
            return TRUE;
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
    gsize label = strcspn(line, ":\t\n");
    if (length < LABEL_LENGTH && wording_is_label(line, line + length))
        return TRUE;
    return label >= 3 && label < MIN(length, LABEL_LENGTH) && strncmp(line + label, "://", 3) != 0;
}

/* "Acme, 1 Main St, Springfield, IL 62701 | (217) 555-0100" */
static gboolean
is_imprint(const char *begin, const char *end)
{
    gboolean parted = memchr(begin, '|', end - begin) ||
                      text_find(begin, end - begin, "\xC2\xB7") ||   /* a middle dot */
                      text_find(begin, end - begin, "\xE2\x80\xA2"); /* a bullet */
    return parted && has_state_and_zip(begin, end) && !is_sentence(begin, end);
}

/* Below a form's answers, a last paragraph of few lines with a postal address is the site's; and a
 * last line with an address and more. */
static gsize
address_begin(const char *text, gsize end, gboolean machine)
{
    guint answers = 0, lines = 0;
    gsize paragraph = 0, imprint = end;
    gboolean blank = TRUE, address = FALSE;
    for (gsize at = 0; at < end;) {
        gsize length = text_line(text + at);
        length = MIN(length, end - at);
        gboolean empty = strspn(text + at, " \t") >= length;
        if (!empty && blank) {
            paragraph = at;
            lines = 0;
            address = FALSE;
        }
        blank = empty;
        lines += !empty;
        if (!empty && is_answer(text + at, length)) {
            answers++;
            lines = ADDRESS_LINES + 1; /* a paragraph of answers is none */
        }
        if (!empty)
            imprint = is_imprint(text + at, text + at + length) ? at : end;
        address |= has_state_and_zip(text + at, text + at + length);
        if (is_sentence(text + at, text + at + length))
            lines = ADDRESS_LINES + 1; /* they wrote it themselves */
        at += length + 1;
    }
    if (address && lines <= ADDRESS_LINES && (machine || answers >= ANSWERS) && paragraph > 0)
        return paragraph;
    return machine || answers > 0 ? imprint : end;
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
        gsize end = found - 1, begin = end;
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
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
