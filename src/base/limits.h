/* limits: every cap on what comes from outside, in one place (DESIGN section 7.6).
 *
 * All sizes are in bytes of the form named. Reaching one never loses a mail or a lead: what was
 * read up to it is used, and the message or the trace says so.
 */
#ifndef LEAD_BASE_LIMITS_H
#define LEAD_BASE_LIMITS_H

/* Message; the first two are defaults or ceilings of configuration. */
#define LIMIT_MESSAGE_DEFAULT ((gsize)10 << 20) /* limits.message */
#define LIMIT_MESSAGE_MAX ((gsize)1 << 30)
#define LIMIT_HEADERS 1000             /* header fields kept of a message */
#define LIMIT_HEADER_VALUE (64 << 10)  /* of one header field */
#define LIMIT_PARAMETERS 200           /* of a Content-Type or Content-Disposition */
#define LIMIT_PARAMETERS_MAIL 10000    /* of all of them */
#define LIMIT_PARTS 200                /* MIME parts looked at */
#define LIMIT_PART_DEPTH 40            /* of nested multiparts and messages */
#define LIMIT_HTML_DECODED (1 << 20)   /* decoded bytes taken of an HTML part */
#define LIMIT_PLAIN_DECODED (512 << 10) /* of any other; of UTF-16, what a view holds */
#define LIMIT_TEXT (256 << 10)         /* UTF-8 text kept of one view, four times what notes hold */
#define LIMIT_TEXT_LINES 10000         /* of one view */
#define LIMIT_HTML_ELEMENTS 30000      /* of one part */
#define LIMIT_CARD (128 << 10)         /* text read as JSON or ADF */
#define LIMIT_LINKS 500
#define LIMIT_LINK_TARGET 2048
#define LIMIT_CARD_VALUES 200
#define LIMIT_RECIPIENTS 1000          /* of one message, remembered */

/* Rules. */
#define LIMIT_PATTERN (16 << 10)       /* a pattern's source text */
#define LIMIT_MATCH 200000             /* PCRE2 match limit, of JIT */
#define LIMIT_MATCH_DEPTH 1000         /* PCRE2 depth limit */
#define LIMIT_MATCH_HEAP 8192          /* PCRE2 heap limit, KiB */
#define LIMIT_PATTERN_TIME 100000      /* microseconds of processor time, all patterns of one mail */
#define LIMIT_CANDIDATES 50            /* matches of one extractor tried against its type */
#define LIMIT_EXTENDS 16               /* length of a chain of `extends` */

/* Lead. */
#define LIMIT_VALUE 1000               /* one attribute's text, characters */
#define LIMIT_NOTES 60000              /* opportunity.notes, characters */
#define LIMIT_CUSTOM 100               /* custom fields of one lead */

/* Submitting. */
#define LIMIT_RESPONSE (64 << 10)      /* of an answer's body */
#define LIMIT_TOKEN 8192

#endif
