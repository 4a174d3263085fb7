/* leadctl api names: the table of the API's names. What talks to it is in ctl-api-check.c. */

#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

static void
names_json(const Wire *wire)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    WireRow row;
    json_builder_begin_array(json);
    for (guint i = 0; wire_row(wire, i, &row); i++) {
        json_builder_begin_object(json);
        output_member(json, "attribute", row.attribute);
        output_member(json, "wire", row.wire);
        output_member(json, "type", row.type);
        output_member_bool(json, "required", row.required);
        output_member(json, "name", row.known);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    output_json(json);
}

static void
names_text(const Wire *wire)
{
    g_autoptr(OutputTable) table = output_table_new(5);
    WireRow row;
    output_table_add(table, "ATTRIBUTE", "WIRE NAME", "TYPE", "REQUIRED", "NAME IS", NULL);
    for (guint i = 0; wire_row(wire, i, &row); i++)
        output_table_add(table, row.attribute, row.wire, row.type, row.required ? "yes" : "",
                         row.known, NULL);
    output_table_print(table);
}

static int
api_names_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl api names",
        NULL,
        0,
        0,
        "Prints by which name the API gets each attribute, and how that name is known: documented\n"
        "(in the API's own example), vendor (its word for the same field elsewhere) or assumed.\n"
        "The names are in the rules' file with \"wire:\", centerpoint.yaml; change them there.",
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    if (ctl->json)
        names_json(ruleset_wire(ctl->ruleset));
    else
        names_text(ruleset_wire(ctl->ruleset));
    return EX_OK;
}

int
ctl_api(Ctl *ctl, char **argv)
{
    static const CtlCommand commands[] = {
        {"names", NULL, "print the table of the API's names", api_names_command},
        {"check", "[ACCOUNT…]", "is the API there, its certificate and the token good",
         ctl_api_check},
        {0},
    };
    return ctl_dispatch(ctl, "leadctl api", commands, argv);
}
