/* frontrowctl diagnose: one archive with what somebody needs who looks for a cause elsewhere. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/metrics_read.h"
#include "ctl/redact.h"
#include "domain/books/diagnosis.h"

enum { LOG_BYTES = 2 << 20, FILES_MAX = 16, PROC_BYTES = 65536 };

/* The folder that becomes the archive. */
struct archive {
    char folder[PATH_MAX];
    const char *files[FILES_MAX]; /* names in it, static */
    size_t count;
    bool failed;
};

static void
add_file(struct archive *archive, const char *name, const struct buffer *text)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", archive->folder, name);
    FILE *file = fopen(path, "we");
    bool written = file != NULL &&
                   (text->length == 0 || fwrite(text->data, 1, text->length, file) == text->length);
    if (file != NULL && fclose(file) != 0)
        written = false;
    if (!written) {
        perror(path);
        archive->failed = true;
    }
    archive->files[archive->count++] = name;
}

/* Whether a record of a log begins here; of MySQL's slow log one is many lines. */
static bool
begins_record(const char *at, bool is_sql)
{
    return !is_sql || strncmp(at, "# Time: ", strlen("# Time: ")) == 0 ||
           strncmp(at, "# User@Host: ", strlen("# User@Host: ")) == 0;
}

/* Drops what is before the first record of a log that was cut somewhere. */
static void
begin_with_record(struct buffer *text, bool is_sql)
{
    const char *at = text->data, *end = text->data + text->length;
    do {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at != NULL ? at + 1 : end;
    } while (at < end && !begins_record(at, is_sql));
    text->length = (size_t)(end - at);
    memmove(text->data, at, text->length);
    text->data[text->length] = '\0';
}

/* The end of a file, from a whole record on; what cannot be read says so. */
static void
read_end(const char *path, size_t max, bool is_sql, struct buffer *text)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        buffer_format(text, "%s: %s\n", path, strerror(errno));
        return;
    }
    bool is_cut = fseek(file, 0, SEEK_END) == 0 && ftell(file) > (long)max;
    if (fseek(file, is_cut ? -(long)max : 0, is_cut ? SEEK_END : SEEK_SET) != 0)
        clearerr(file); /* a pipe or a file of /proc begins at its begin */
    char part[4096];
    size_t got, all = 0;
    while (all < max && (got = fread(part, 1, sizeof part, file)) > 0) {
        for (size_t i = 0; i < got; i++)
            if (part[i] == '\0')
                part[i] = ' ';
        buffer_append(text, part, got);
        all += got;
    }
    fclose(file);
    if (is_cut && text->length > 0)
        begin_with_record(text, is_sql);
}

static void
add_log(struct archive *archive, const char *name, const char *path, bool is_sql)
{
    struct buffer text = {0}, redacted = {0};
    if (path == NULL)
        return;
    read_end(path, LOG_BYTES, is_sql, &text);
    if (text.length > 0)
        redact(text.data, is_sql, &redacted);
    add_file(archive, name, &redacted);
    buffer_free(&text);
    buffer_free(&redacted);
}

static void
add_settings(struct archive *archive, const struct config *config)
{
    struct buffer text = {0};
    char *bytes = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&bytes, &length);
    if (memory != NULL) {
        config_print(config, memory);
        fclose(memory);
        buffer_append(&text, bytes, length);
    }
    add_file(archive, "settings.txt", &text);
    free(bytes);
    buffer_free(&text);
}

static void
add_versions(struct archive *archive)
{
    struct buffer text = {0};
    struct utsname system;
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_wall(), time);
    buffer_format(&text, "frontrowctl %s\n%s\n", VERSION, time);
    if (uname(&system) == 0)
        buffer_format(&text, "%s %s %s %s\n", system.sysname, system.release, system.version,
                      system.machine);
    read_end("/etc/os-release", PROC_BYTES, false, &text);
    add_file(archive, "versions.txt", &text);
    buffer_free(&text);
}

static void
add_metrics(struct archive *archive, const char *run_dir)
{
    struct buffer text = {0};
    if (!metrics_read(run_dir, &text))
        buffer_format(&text, "no worker answers in %s: %s\n", run_dir, strerror(errno));
    add_file(archive, "metrics.txt", &text);
    buffer_free(&text);
}

/* What Linux says of one process. */
static void
write_process(long pid, struct buffer *text)
{
    static const char *const files[] = {"status", "wchan", "stat", "limits"};
    char path[64];
    buffer_format(text, "== process %ld\n", pid);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "/proc/%ld/%s", pid, files[i]);
        read_end(path, PROC_BYTES, false, text);
        buffer_text(text, "\n");
    }
}

/* The master and its workers. */
static void
add_processes(struct archive *archive, const char *run_dir)
{
    struct buffer text = {0}, children = {0}, number = {0};
    char path[PATH_MAX], *end;
    snprintf(path, sizeof path, "%s/frontrow.pid", run_dir);
    read_end(path, PROC_BYTES, false, &number);
    long master = number.length > 0 ? strtol(number.data, NULL, 10) : 0;
    if (master <= 0) {
        buffer_format(&text, "%s: there is no master\n", path);
    } else {
        write_process(master, &text);
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", master, master);
        read_end(path, PROC_BYTES, false, &children);
        for (char *at = children.length > 0 ? children.data : ""; *at != '\0'; at = end) {
            long pid = strtol(at, &end, 10);
            if (end == at)
                break;
            write_process(pid, &text);
        }
    }
    read_end("/proc/loadavg", PROC_BYTES, false, &text);
    read_end("/proc/meminfo", PROC_BYTES, false, &text);
    add_file(archive, "processes.txt", &text);
    buffer_free(&text);
    buffer_free(&children);
    buffer_free(&number);
}

static void
add_stores(struct archive *archive, struct services *services)
{
    struct buffer text = {0}, redacted = {0};
    diagnosis_write_mysql(services, &text);
    redact(text.data, true, &redacted);
    add_file(archive, "mysql.txt", &redacted);
    buffer_clear(&text);
    diagnosis_write_redis(services, &text);
    add_file(archive, "redis.txt", &text);
    buffer_free(&text);
    buffer_free(&redacted);
}

static bool
pack(const struct archive *archive, const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("tar", "tar", "--force-local", "-czf", path, "-C", archive->folder, ".",
               (char *)NULL);
        perror("tar");
        _exit(127);
    }
    int status;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static void
remove_folder(const struct archive *archive)
{
    char path[PATH_MAX + 64];
    for (size_t i = 0; i < archive->count; i++) {
        snprintf(path, sizeof path, "%s/%s", archive->folder, archive->files[i]);
        unlink(path);
    }
    rmdir(archive->folder);
}

int
ctl_diagnose(struct ctl *ctl)
{
    struct archive archive = {.count = 0};
    const char *parent = getenv("TMPDIR");
    umask(077);
    snprintf(archive.folder, sizeof archive.folder, "%s/frontrow-diagnose-XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(archive.folder) == NULL) {
        perror(archive.folder);
        return EXIT_FAILED;
    }
    add_versions(&archive);
    add_settings(&archive, &ctl->config);
    add_metrics(&archive, ctl->config.run_dir);
    add_processes(&archive, ctl->config.run_dir);
    add_stores(&archive, ctl->services);
    add_log(&archive, "nginx.log", ctl->nginx_log, false);
    add_log(&archive, "frontrow.log", ctl->log, false);
    add_log(&archive, "mysql-slow.log", ctl->slow_log, true);
    bool packed = !archive.failed && pack(&archive, ctl->argument);
    remove_folder(&archive);
    if (packed)
        printf("%s: look through it before you give it away\n", ctl->argument);
    if (ctl->nginx_log == NULL && ctl->log == NULL && ctl->slow_log == NULL)
        fputs("frontrowctl: it has no logs; --nginx-log, --log and --slow-log name them\n", stderr);
    return packed ? EXIT_DONE : EXIT_FAILED;
}
