/* noop-milter: what a milter costs that looks at everything and does nothing. The measure of
 * make bench.
 *
 * usage: noop-milter unix:PATH
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static sfsistat
on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)context, (void)host, (void)address;
    return SMFIS_CONTINUE;
}

static sfsistat
on_word(SMFICTX *context, char *word)
{
    (void)context, (void)word;
    return SMFIS_CONTINUE;
}

static sfsistat
on_words(SMFICTX *context, char **words)
{
    (void)context, (void)words;
    return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
    (void)context, (void)name, (void)value;
    return SMFIS_CONTINUE;
}

static sfsistat
on_event(SMFICTX *context)
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

int
main(int argc, char **argv)
{
    struct smfiDesc description = {
        .xxfi_name = (char *)"noop-milter",
        .xxfi_version = SMFI_VERSION,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_word,
        .xxfi_envfrom = on_words,
        .xxfi_envrcpt = on_words,
        .xxfi_data = on_event,
        .xxfi_header = on_header,
        .xxfi_eoh = on_event,
        .xxfi_body = on_body,
        .xxfi_eom = on_event,
    };
    if (argc != 2 || strncmp(argv[1], "unix:", 5) != 0) {
        fprintf(stderr, "usage: noop-milter unix:PATH\n");
        return 64;
    }
    if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
        smfi_opensocket(1) != MI_SUCCESS) {
        fprintf(stderr, "noop-milter: %s: cannot be opened\n", argv[1]);
        return 69;
    }
    return smfi_main() == MI_SUCCESS ? 0 : 70;
}
