/* eight: eight bytes of a text at a time, in one number. What is said of each byte is said by its
 * highest bit.
 * Thread rule: pure.
 */
#ifndef LEAD_BASE_EIGHT_H
#define LEAD_BASE_EIGHT_H

#include <glib.h>
#include <string.h>

#define HIGH_BITS 0x8080808080808080u
#define EACH_BYTE(byte) (0x0101010101010101u * (byte))

static inline guint64
eight_at(const char *bytes)
{
    guint64 eight;
    memcpy(&eight, bytes, sizeof eight);
    return eight;
}

/* How many of the highest bits are set; no other bit is. */
static inline guint
eight_count(guint64 bits)
{
    return (guint)((bits >> 7) * EACH_BYTE(1) >> 56);
}

#endif
