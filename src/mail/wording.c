#include "mail/wording.h"

#include <string.h>

static gunichar
folded(gunichar c)
{
    if (c == 0x2019)
        return '\'';
    if (c == 0x0130 || c == 0x0131) /* Turkish */
        return 'i';
    return g_unichar_tolower(c);
}

const char *
wording_blanks(const char *text, const char *end)
{
    while (text < end) {
        if (*text == ' ' || *text == '\t')
            text++;
        else if (end - text >= 2 && text[0] == '\xC2' && text[1] == '\xA0')
            text += 2;
        else if (end - text >= 3 && strncmp(text, "\xE2\x80\xAF", 3) == 0) /* a narrow one */
            text += 3;
        else
            break;
    }
    return text;
}

const char *
wording_skip(const char *text, const char *end, const char *words)
{
    while (*words) {
        if (*words == ' ') {
            const char *after = wording_blanks(text, end);
            if (after == text)
                return NULL;
            text = after;
            words++;
            continue;
        }
        if (text >= end)
            return NULL;
        /* Almost always plain ASCII that differs at the first letter. */
        if ((guchar)*text < 0x80 && (guchar)*words < 0x80) {
            /* Letters' cases differ in one bit. */
            if (*text != *words && ((*text ^ *words) != 0x20 || !g_ascii_isalpha(*text)))
                return NULL;
            text++;
            words++;
            continue;
        }
        if (folded(g_utf8_get_char(text)) != folded(g_utf8_get_char(words)))
            return NULL;
        text = g_utf8_next_char(text);
        words = g_utf8_next_char(words);
    }
    return text <= end ? text : NULL;
}

const char *
wording_skip_any(const char *text, const char *end, const WordingPhrase *phrases)
{
    for (; phrases->language; phrases++) {
        const char *after = wording_skip(text, end, phrases->words);
        if (after)
            return after;
    }
    return NULL;
}

/* --- labels --- */

static const char *const form_words[] = {
    "name",    "phone",    "email",    "e-mail",   "address",     "message",  "company",
    "number",  "subject",  "contact",  "city",     "state",       "zip",      "date",
    "time",    "details",  "comments", "comment",  "info",        "project",  "service",
    "budget",  "type",     "property", "location", "information", "first",    "last",
    "full",    "your",     "cell",     "mobile",   "telephone",   "street",   "job",
    "title",   "country",  "region",   "question", "questions",   "request",  "inquiry",
    "website", "business", "code",     "postal",   "estimated",   "customer", "description",
};

gboolean
wording_is_form_word(const char *word, gsize length)
{
    for (guint i = 0; i < G_N_ELEMENTS(form_words); i++)
        if (strlen(form_words[i]) == length &&
            g_ascii_strncasecmp(word, form_words[i], length) == 0)
            return TRUE;
    return FALSE;
}

gboolean
wording_is_label(const char *line, const char *end)
{
    gboolean any = FALSE;
    for (const char *p = line; p < end;) {
        gsize length = MIN(strcspn(p, " \t\n:*?"), (gsize)(end - p));
        if (length > 0 && !wording_is_form_word(p, length))
            return FALSE;
        any |= length > 0;
        p += MAX(length, 1);
    }
    return any;
}
