/* wording: what mail programs write around a message that they forward or quote, in 22 languages.
 *
 * Data, in wording-forward.c and wording-text.c: a language or a mail program more is a line more.
 * The words are those of Apple Mail, Gmail, Outlook, Thunderbird, Yahoo, IONOS, Missive, HubSpot
 * and MailMate as their users see them. Languages, as in ISO 639-1: cs da de en es et fi fr hr hu
 * it ja nl no pl pt ro ru sk sv tr uk.
 */
#ifndef LEAD_MAIL_WORDING_H
#define LEAD_MAIL_WORDING_H

#include <glib.h>

typedef enum {
    HEADER_FROM,
    HEADER_REPLY_TO,
    HEADER_TO,
    HEADER_CC,
    HEADER_SUBJECT,
    HEADER_DATE,
    HEADER_OTHER,
    HEADER_N
} HeaderField;

/* "From", above a forwarded or quoted mail. */
typedef struct {
    const char *language, *words;
    HeaderField field;
} WordingLabel;

typedef enum {
    SAYS_FORWARD, /* only forwards have it */
    SAYS_MAYBE,   /* replies have it as well */
} WordingMeaning;

/* "Forwarded message", without the dashes and colons around it. */
typedef struct {
    const char *language, *words;
    WordingMeaning meaning;
} WordingSeparator;

/* "On Monday, Ada wrote:": its first word ("" when any may be) and its verb. */
typedef struct {
    const char *language, *begin, *verb;
} WordingAttribution;

/* A beginning of a line or a subject. */
typedef struct {
    const char *language, *words;
} WordingPhrase;

/* Each ends with an entry whose language is NULL. */
extern const WordingLabel wording_labels[];
extern const WordingSeparator wording_separators[];
extern const WordingAttribution wording_attributions[];
extern const WordingPhrase wording_forward_subjects[]; /* "Fwd", without the colon */
extern const WordingPhrase wording_behalf[];           /* "on behalf of" */
extern const WordingPhrase wording_device_lines[]; /* "Sent from my ": phones' and programs' own */
extern const WordingPhrase wording_closings[];     /* "Best regards" */
extern const WordingPhrase wording_disclaimers[];  /* "This e-mail is confidential" */
extern const WordingPhrase wording_banners[];      /* what a mail server puts above a text */
extern const WordingPhrase wording_footers[];      /* "Unsubscribe" */
extern const WordingPhrase wording_buttons[];      /* "View this lead", alone on its line */
extern const WordingPhrase wording_form_meta[];    /* "User IP": what a form adds by itself */

/* The lists above, for the functions below. */
typedef enum {
    WORDING_LABELS,
    WORDING_SEPARATORS,
    WORDING_ATTRIBUTIONS,
    WORDING_FORWARD_SUBJECTS,
    WORDING_BEHALF,
    WORDING_DEVICE_LINES,
    WORDING_CLOSINGS,
    WORDING_DISCLAIMERS,
    WORDING_BANNERS,
    WORDING_FOOTERS,
    WORDING_BUTTONS,
    WORDING_FORM_META,
    WORDING_LISTS
} WordingList;

#define WORDING_END G_MAXUINT16
/* The entries (their numbers, in the list's order, then WORDING_END) whose words, of an attribution
 * its first, a text may begin with: all others are sure not to be there. Mostly there are none. The
 * lists are indexed by their first two letters when first asked. Any thread. */
const guint16 *wording_candidates(WordingList list, const char *text, const char *end);

/* Behind `words` if the text begins with them, caseless, any white space for a blank of theirs;
 * NULL if not. */
const char *wording_skip(const char *text, const char *end, const char *words);
/* The first phrase that a text begins with; behind it, or NULL. */
const char *wording_skip_any(const char *text, const char *end, WordingList phrases);
/* A word that forms' labels are made of: "phone", "number". */
gboolean wording_is_form_word(const char *word, gsize length);
/* Whether a line has nothing but such words: "Phone Number:". FALSE for an empty one. */
gboolean wording_is_label(const char *line, const char *end);
/* Behind blanks, no-break ones included. */
const char *wording_blanks(const char *text, const char *end);

#endif
