/* Preloaded into the tests' Sendmail. Without a dot in the machine's name it would sleep a minute
 * at each start, whatever its configuration says; and it logs to syslog alone, which a container
 * has not, and which would not be the tests' own. */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *host, *log_path;

/* Before main() throws the environment away. */
__attribute__((constructor)) static void remember(void)
{
    host = getenv("PRELOAD_HOST");
    log_path = getenv("PRELOAD_LOG");
    host = strdup(host ? host : "localhost.localdomain");
    log_path = strdup(log_path ? log_path : "/dev/null");
}

int gethostname(char *name, size_t size)
{
    snprintf(name, size, "%s", host);
    return 0;
}

/* What syslog() is in a program that is built with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    static int log = -1;
    char line[2048];
    va_list arguments;
    (void)priority;
    (void)flag;
    if (log < 0)
        log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    int start = snprintf(line, sizeof line, "[%d] ", (int)getpid());
    va_start(arguments, format);
    vsnprintf(line + start, sizeof line - (size_t)start - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    if (write(log, line, strlen(line)) < 0)
        log = -1;
}
