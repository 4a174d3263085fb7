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

char *
state_normalise(const char *raw)
{
    if (strlen(raw) > NAME_MAX_BYTES)
        return NULL;
    g_autofree char *lower = g_utf8_strdown(raw, -1);
    GString *plain = g_string_new(NULL); /* without dots: "N.Y.", "Ill." */
    for (const char *p = lower; *p; p++)
        if (*p != '.' && *p != ',')
            g_string_append_c(plain, *p);
    g_autofree char *name = g_strstrip(g_string_free(plain, FALSE));
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        const State *state = &states[i];
        if (is_same(name, state->name) || is_same(name, state->short_form) ||
            (*name == g_ascii_tolower(*state->code) && g_ascii_strcasecmp(name, state->code) == 0))
            return g_strdup(state->code);
    }
    return NULL;
}
