/* gmime-extra: what GMime 3's headers lack for the GLib idiom used here. */
#ifndef LEAD_BASE_GMIME_EXTRA_H
#define LEAD_BASE_GMIME_EXTRA_H

#include <gmime/gmime.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeStream, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMessage, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeFilter, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InternetAddressList, g_object_unref)

#endif
