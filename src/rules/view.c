#include "rules/view.h"

#include <string.h>

gboolean
view_parse(const YamlFile *file, const YamlNode *node, const char *what, ViewRef *view,
           Diags *diags)
{
    const char *name;
    if (!yaml_text(file, node, &name, diags))
        return FALSE;
    *view = (ViewRef){-1, NULL, name, 0};
    if (g_str_has_prefix(name, "header.")) {
        view->header = name + strlen("header.");
        if (*view->header)
            return TRUE;
        yaml_error(file, node, diags, "\"header.\" needs a field's name, as in header.x-form-id");
        return FALSE;
    }
    for (View v = 0; v < VIEW_N; v++) {
        if (strcmp(view_names[v], name) == 0) {
            view->view = v;
            return TRUE;
        }
    }
    const char *near = suggest(name, view_names);
    if (near) {
        yaml_error(file, node, diags, "unknown %s \"%s\"; did you mean \"%s\"?", what, name, near);
    } else {
        g_autofree char *known = g_strjoinv(", ", (char **)view_names);
        yaml_error(file, node, diags, "unknown %s \"%s\"; known are %s, header.NAME", what, name,
                   known);
    }
    return FALSE;
}

const char *
view_text(const ViewRef *view, const Message *message)
{
    if (view->view >= 0)
        return message_view(message, (View)view->view);
    const char *text = message_header(message, view->header);
    return text ? text : "";
}
