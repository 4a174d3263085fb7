/* US states (with the District, the territories and the military's three) and Canadian provinces
 * as two letters, from USPS Publication 28, Appendix B, and Canada Post's symbols. */
#include "lead/value-private.h"

#include <string.h>

typedef struct {
    const char *code, *name,
        *short_form; /* the short form is without dots; NULL if there is none */
} State;

static const State states[] = {
    {"AL", "alabama", "ala"},
    {"AK", "alaska", NULL},
    {"AZ", "arizona", "ariz"},
    {"AR", "arkansas", "ark"},
    {"CA", "california", "calif"},
    {"CO", "colorado", "colo"},
    {"CT", "connecticut", "conn"},
    {"DE", "delaware", "del"},
    {"DC", "district of columbia", "washington dc"},
    {"FL", "florida", "fla"},
    {"GA", "georgia", NULL},
    {"HI", "hawaii", NULL},
    {"ID", "idaho", NULL},
    {"IL", "illinois", "ill"},
    {"IN", "indiana", "ind"},
    {"IA", "iowa", NULL},
    {"KS", "kansas", "kans"},
    {"KY", "kentucky", NULL},
    {"LA", "louisiana", NULL},
    {"ME", "maine", NULL},
    {"MD", "maryland", NULL},
    {"MA", "massachusetts", "mass"},
    {"MI", "michigan", "mich"},
    {"MN", "minnesota", "minn"},
    {"MS", "mississippi", "miss"},
    {"MO", "missouri", NULL},
    {"MT", "montana", "mont"},
    {"NE", "nebraska", "nebr"},
    {"NV", "nevada", "nev"},
    {"NH", "new hampshire", NULL},
    {"NJ", "new jersey", NULL},
    {"NM", "new mexico", "n mex"},
    {"NY", "new york", NULL},
    {"NC", "north carolina", "n carolina"},
    {"ND", "north dakota", "n dakota"},
    {"OH", "ohio", NULL},
    {"OK", "oklahoma", "okla"},
    {"OR", "oregon", "ore"},
    {"PA", "pennsylvania", "penn"},
    {"RI", "rhode island", NULL},
    {"SC", "south carolina", "s carolina"},
    {"SD", "south dakota", "s dakota"},
    {"TN", "tennessee", "tenn"},
    {"TX", "texas", "tex"},
    {"UT", "utah", NULL},
    {"VT", "vermont", NULL},
    {"VA", "virginia", NULL},
    {"WA", "washington", "wash"},
    {"WV", "west virginia", "w va"},
    {"WI", "wisconsin", "wis"},
    {"WY", "wyoming", "wyo"},
    {"AS", "american samoa", NULL},
    {"GU", "guam", NULL},
    {"MP", "northern mariana islands", NULL},
    {"PR", "puerto rico", NULL},
    {"VI", "virgin islands", "us virgin islands"},
    {"AA", "armed forces americas", NULL},
    {"AE", "armed forces europe", NULL},
    {"AP", "armed forces pacific", NULL},
    {"AB", "alberta", "alta"},
    {"BC", "british columbia", NULL},
    {"MB", "manitoba", "man"},
    {"NB", "new brunswick", NULL},
    {"NL", "newfoundland and labrador", "newfoundland"},
    {"NS", "nova scotia", NULL},
    {"NT", "northwest territories", NULL},
    {"NU", "nunavut", NULL},
    {"ON", "ontario", "ont"},
    {"PE", "prince edward island", "pei"},
    {"QC", "quebec", "québec"},
    {"SK", "saskatchewan", "sask"},
    {"YT", "yukon", NULL},
};

#define NAME_MAX_BYTES 40

static gboolean
is_same(const char *name, const char *other)
{
    return other && *name == *other && strcmp(name, other) == 0;
}

/* A text in small letters and without dots ("N.Y.", "Ill."); FALSE when it is too long. */
static gboolean
write_plain(const char *raw, char plain[NAME_MAX_BYTES + 1])
{
    gsize length = strlen(raw), n = 0;
    g_autofree char *lower = NULL;
    if (length <= NAME_MAX_BYTES && !g_str_is_ascii(raw))
        raw = lower = g_utf8_strdown(raw, -1);
    if (length > NAME_MAX_BYTES || strlen(raw) > NAME_MAX_BYTES)
        return FALSE;
    for (; *raw; raw++)
        if (*raw != '.' && *raw != ',')
            plain[n++] = g_ascii_tolower(*raw);
    plain[n] = '\0';
    return TRUE;
}

char *
state_normalise(const char *raw)
{
    char plain[NAME_MAX_BYTES + 1];
    if (!write_plain(raw, plain))
        return NULL;
    const char *name = g_strstrip(plain);
    if (!g_ascii_isalpha(*name))
        return NULL;
    gboolean two = strlen(name) == 2;
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        const State *state = &states[i];
        if (is_same(name, state->name) || is_same(name, state->short_form) ||
            (two && name[0] == (state->code[0] | 0x20) && name[1] == (state->code[1] | 0x20)))
            return g_strdup(state->code);
    }
    return NULL;
}
