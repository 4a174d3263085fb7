#include "mail/xml.h"

#include <libxml/globals.h>
#include <libxml/xmlmemory.h>

#include "base/memory.h"

static gpointer
set_memory(gpointer unused)
{
    xmlMemSetup(g_free, memory_new, memory_resize, g_strdup);
    return NULL;
}

void
xml_begin(void)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, set_memory, NULL);
    /* It makes each thread's state with malloc alone, and uses it unseen. */
    if (!xmlGetGlobalState())
        memory_out("libxml2");
}
