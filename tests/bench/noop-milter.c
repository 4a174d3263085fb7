/* noop-milter: what a milter costs that does nothing. The measure of make bench.
 *
 * "noop" takes header, body and end of each mail and lets it pass, with nothing asked of what comes
 * before; "accept" ends each mail at DATA, so that no header and no body come: as little as
 * libmilter can do.
 *
 * usage: noop-milter noop|accept unix:PATH
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
    (void)context, (void)name, (void)value;
    return SMFIS_CONTINUE;
}

static sfsistat
at_end(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

static sfsistat
on_body(SMFICTX *context, unsigned char *chunk, size_t length)
{
    (void)context, (void)chunk, (void)length;
    return SMFIS_CONTINUE;
}

static sfsistat
accept_all(SMFICTX *context)
{
    (void)context;
    return SMFIS_ACCEPT;
}

static const struct smfiDesc noop = {
    .xxfi_name = (char *)"noop-milter",
    .xxfi_version = SMFI_VERSION,
    .xxfi_header = on_header,
    .xxfi_body = on_body,
    .xxfi_eom = at_end,
};

static const struct smfiDesc at_data = {
    .xxfi_name = (char *)"accept-milter",
    .xxfi_version = SMFI_VERSION,
    .xxfi_data = accept_all,
};

int
main(int argc, char **argv)
{
    int accepts = argc == 3 && strcmp(argv[1], "accept") == 0;
    if (argc != 3 || (!accepts && strcmp(argv[1], "noop") != 0) ||
        strncmp(argv[2], "unix:", 5) != 0) {
        fprintf(stderr, "usage: noop-milter noop|accept unix:PATH\n");
        return 64;
    }
    if (smfi_setconn(argv[2]) != MI_SUCCESS ||
        smfi_register(accepts ? at_data : noop) != MI_SUCCESS || smfi_opensocket(1) != MI_SUCCESS) {
        fprintf(stderr, "noop-milter: %s: cannot be opened\n", argv[2]);
        return 69;
    }
    return smfi_main() == MI_SUCCESS ? 0 : 70;
}
