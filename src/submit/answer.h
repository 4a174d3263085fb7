/* answer: what to do with what the API said (DESIGN section 7.4). Pure: no clock, no network.
 *
 * 2xx done; no answer, 408, 425, 429 and 5xx tried again with back-off and Retry-After; 401 and 403
 * stop the account; any other is dead-lettered with the API's words. A 2xx with HTML, as
 * from a proxy or captive portal, is not believed: tried again under the same key. A lead is given
 * up when it is older than give_up_after and was tried three times.
 * The API answers with JSON documents; its errors are JSON:API's {"errors": [{"title", "detail"}]}.
 */
#ifndef LEAD_SUBMIT_ANSWER_H
#define LEAD_SUBMIT_ANSWER_H

#include <glib.h>

typedef enum { ANSWER_DONE, ANSWER_RETRY, ANSWER_STOP_ACCOUNT, ANSWER_DEAD } AnswerKind;

typedef struct {
    int status;        /* HTTP, 0: none came */
    const char *error; /* the transport's words when status is 0 or the body was cut off */
    const char *content_type;
    const char *body;      /* at most LIMIT_RESPONSE, any bytes, 0-terminated */
    guint64 retry_after;   /* seconds from Retry-After, 0: none */
    guint attempts;        /* POSTs made, this one included */
    guint64 age;           /* seconds since the lead was made */
    guint64 give_up_after; /* seconds */
    double jitter;         /* 0 ≤ jitter < 1, from the caller's dice */
} Answer;

typedef struct {
    AnswerKind kind;
    guint64 wait; /* seconds, ANSWER_RETRY */
    char *words;  /* for the queue's record: valid UTF-8, at most 1,000 characters */
} Verdict;

Verdict answer_judge(const Answer *answer);
void verdict_clear(Verdict *verdict);
#endif
