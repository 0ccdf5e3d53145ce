#include "base/report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { MAX_BYTES = 8192 };

static bool
write_whole(const char *path, const struct buffer *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0)
        return false;
    bool written = write(file, text->data, text->length) == (ssize_t)text->length;
    return close(file) == 0 && written;
}

void
report_file_write(const char *run_dir, const char *name, const struct buffer *text)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.prom", run_dir, name);
    snprintf(fresh, sizeof fresh, "%s/.%s.%d", run_dir, name, (int)getpid());
    if (write_whole(fresh, text) && rename(fresh, path) == 0)
        return;
    if (errno != ENOENT)
        log_warn("%s: %s: /metrics will not tell of this", path, strerror(errno));
    unlink(fresh);
}

void
report_file_append(const char *run_dir, const char *name, struct buffer *out)
{
    char path[PATH_MAX];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s.prom", run_dir, name);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0)
        return;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= MAX_BYTES) {
        char text[MAX_BYTES];
        ssize_t length = read(file, text, sizeof text);
        if (length > 0 && text[length - 1] == '\n')
            buffer_append(out, text, (size_t)length);
    }
    close(file);
}
