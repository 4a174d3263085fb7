#include "mail/signature.h"

#include <string.h>

#define LINES_MAX 20
#define FOOTER_LINES 3 /* a phone's line is the last, but for so many */

/* What mail programs add by themselves; the beginning of the line. */
static const char *const footers[] = {
    "Sent from my ",         "Sent from Mail for ", "Sent from Outlook",
    "Sent from Yahoo Mail",  "Get Outlook for ",    "Sent via ",
    "Sent from Proton Mail", "Sent from Samsung",   "Sent with ",
};

static const char *const not_below[] = {
    "This e-mail was sent from a contact form",
    "This email was sent from a contact form",
    "This mail is sent via contact form",
    "This is a notification that a contact form was submitted",
};

static gboolean
begins_with_one(const char *line, const char *const *words, guint n)
{
    for (guint i = 0; i < n; i++)
        if (g_ascii_strncasecmp(line, words[i], strlen(words[i])) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_separator(const char *line, gsize length)
{
    if (length > 0 && line[length - 1] == ' ')
        length--;
    if (length != 2 || line[0] != '-' || line[1] != '-')
        return FALSE;
    const char *next = line + strcspn(line, "\n");
    next += strspn(next, "\n");
    return !begins_with_one(next, not_below, G_N_ELEMENTS(not_below));
}

/* Behind a text's first line that is not blank, and the blank ones above it. */
static gsize
behind_first_line(const char *text)
{
    gsize at = strspn(text, " \t\n");
    at += strcspn(text + at, "\n");
    return text[at] ? at + 1 : at;
}

gsize
signature_begin(const char *text)
{
    gsize end = strlen(text), at = end;
    gsize second = behind_first_line(text), third = second + behind_first_line(text + second);
    guint lines = 0;
    /* From the last line up. */
    while (at > 0 && lines <= LINES_MAX) {
        gsize line_end = text[at - 1] == '\n' ? at - 1 : at;
        gsize begin = line_end;
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
        gsize length = line_end - begin;
        gboolean blank = strspn(text + begin, " \t") >= length;
        if (begin < second)
            break;
        if (begin >= third && is_separator(text + begin, length))
            return begin;
        if (lines < FOOTER_LINES && begins_with_one(text + begin, footers, G_N_ELEMENTS(footers)))
            return begin;
        lines += !blank;
        at = begin;
    }
    return end;
}
