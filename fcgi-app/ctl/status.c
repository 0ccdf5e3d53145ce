/* frontrowctl status: how the server of this machine does, on one screen. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/metrics_read.h"

enum {
    EVERY_S = 2,
    MINUTE_S = 60,
    SAMPLES = MINUTE_S / EVERY_S + 1,
    CODES_MAX = 64,
    CODE_SIZE = 40,
    CONCERTS_MAX = 50
};

/* The readings of the last minute: the oldest of them is what the newest is compared with. */
struct screen {
    struct buffer texts[SAMPLES];
    int64_t read_at[SAMPLES]; /* clock_monotonic() */
    size_t count;             /* read so far */
};

static const char *
newest(const struct screen *screen)
{
    return screen->texts[(screen->count - 1) % SAMPLES].data;
}

static size_t
oldest_index(const struct screen *screen)
{
    return screen->count <= SAMPLES ? 0 : screen->count % SAMPLES;
}

/* By how much a counter grew; a server that began anew counts from 0. */
static double
growth(const struct screen *screen, const char *name, const char *label)
{
    double now = metrics_sum(newest(screen), name, label);
    double before = metrics_sum(screen->texts[oldest_index(screen)].data, name, label);
    double grown = now - (before > 0 ? before : 0);
    return now < 0 ? 0 : grown < 0 ? now : grown;
}

static double
seconds_compared(const struct screen *screen)
{
    int64_t ms =
        screen->read_at[(screen->count - 1) % SAMPLES] - screen->read_at[oldest_index(screen)];
    return (double)ms / 1000;
}

static const char *
word(double value, const char *if_set, const char *if_not)
{
    return value < 0 ? "not known" : value > 0 ? if_set : if_not;
}

/* Redis' own. */
static void
print_memory(const char *text)
{
    double used = metrics_sum(text, "redis_memory_bytes", "used") / (1024 * 1024);
    double limit = metrics_sum(text, "redis_memory_bytes", "limit") / (1024 * 1024);
    if (used < 0)
        printf("%-12snot known\n", "memory");
    else if (limit > 0)
        printf("%-12s%.0f of %.0f MiB\n", "memory", used, limit);
    else
        printf("%-12s%.0f MiB, no limit\n", "memory", used);
}

static void
print_dependencies(const struct screen *screen)
{
    const char *text = newest(screen);
    static const struct {
        const char *title;
        const char *label;
    } all[] = {{"MySQL", "dependency=\"mysql\""}, {"Redis", "dependency=\"redis\""}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        double calls = growth(screen, "dependency_seconds_count", all[i].label);
        double seconds = growth(screen, "dependency_seconds_sum", all[i].label);
        printf(
            "%-12s%s%s, %.1f ms each, %.0f errors\n", all[i].title,
            word(metrics_sum(text, "dependency_writable", all[i].label), "works", "DOES NOT WORK"),
            metrics_sum(text, "breaker_open", all[i].label) > 0 ? ", NOT ASKED" : "",
            calls > 0 ? seconds * 1000 / calls : 0, growth(screen, "refusals_total", all[i].label));
    }
    print_memory(text);
}

static void
print_workers(const struct screen *screen)
{
    const char *text = newest(screen);
    printf("%-12s%.0f busy, %.0f idle; ended: %.0f crashed, %.0f by the watchdog, %.0f failed\n",
           "workers", metrics_sum(text, "workers", "busy"), metrics_sum(text, "workers", "idle"),
           growth(screen, "worker_endings_total", "crashed"),
           growth(screen, "worker_endings_total", "watchdog"),
           growth(screen, "worker_endings_total", "failed"));
}

/* The codes of answers that are 5xx. */
struct codes {
    char names[CODES_MAX][CODE_SIZE];
    size_t count;
};

static void
take_code(void *context, const char *labels, double value)
{
    struct codes *codes = context;
    const char *at = strstr(labels, "code=\"");
    char name[CODE_SIZE];
    (void)value;
    if (strstr(labels, "status=\"5") == NULL || at == NULL || codes->count == CODES_MAX)
        return;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
    for (size_t i = 0; i < codes->count; i++)
        if (strcmp(codes->names[i], name) == 0)
            return;
    memcpy(codes->names[codes->count++], name, sizeof name);
}

static void
print_requests(const struct screen *screen)
{
    double seconds = seconds_compared(screen);
    struct codes codes = {.count = 0};
    metrics_each(newest(screen), "requests_total", take_code, &codes);
    printf("%-12s%.0f a second; %.0f refused (4xx), %.0f failed (5xx)", "requests",
           seconds > 0 ? growth(screen, "requests_total", "") / seconds : 0,
           growth(screen, "requests_total", "status=\"4"),
           growth(screen, "requests_total", "status=\"5"));
    for (size_t i = 0; i < codes.count; i++) {
        char label[CODE_SIZE + 16];
        snprintf(label, sizeof label, "code=\"%s\"", codes.names[i]);
        double grown = growth(screen, "requests_total", label);
        if (grown > 0)
            printf(", %s %.0f", codes.names[i], grown);
    }
    printf("\n%-12s%.0f holds, %.0f payments, %.0f refunds\n", "business",
           growth(screen, "holds_total", ""), growth(screen, "payments_total", ""),
           growth(screen, "refunds_total", ""));
}

static void
print_age(const char *title, double at, const char *rest)
{
    if (at < 0)
        printf("%-12snot known%s\n", title, rest);
    else
        printf("%-12s%.0f s ago%s\n", title, (double)clock_wall() / 1000 - at, rest);
}

static void
print_books(const char *text)
{
    char rest[96] = "";
    double lapsed = metrics_sum(text, "oldest_lapsed_hold_seconds", "");
    if (lapsed >= 0)
        snprintf(rest, sizeof rest, "; the oldest lapsed hold is over for %.0f s", lapsed);
    print_age("sweeper", metrics_sum(text, "sweeper_last_run_timestamp_seconds", ""), rest);
    snprintf(rest, sizeof rest, ": %.0f violations", metrics_sum(text, "audit_violations", ""));
    print_age("audit", metrics_sum(text, "audit_last_run_timestamp_seconds", ""),
              metrics_sum(text, "audit_violations", "") < 0 ? "" : rest);
    printf("%-12s%s\n", "maintenance", word(metrics_sum(text, "maintenance", ""), "ON", "off"));
}

/* The ids of open concerts. */
struct concerts {
    int64_t ids[CONCERTS_MAX];
    size_t count;
};

static void
take_concert(void *context, const char *labels, double value)
{
    struct concerts *concerts = context;
    const char *id = strstr(labels, "concert=\"");
    (void)value;
    if (id != NULL && strstr(labels, "state=\"available\"") != NULL &&
        concerts->count < CONCERTS_MAX)
        concerts->ids[concerts->count++] = strtoll(id + strlen("concert=\""), NULL, 10);
}

static double
of_concert(const char *text, const char *name, int64_t id, const char *state)
{
    char label[64];
    snprintf(label, sizeof label, "concert=\"%" PRId64 "\"%s%s", id, *state != '\0' ? "," : "",
             state);
    return metrics_sum(text, name, label);
}

static void
print_concerts(const struct screen *screen)
{
    const char *text = newest(screen);
    struct concerts concerts = {.count = 0};
    metrics_each(text, "seats", take_concert, &concerts);
    printf("\n%-12s%10s%10s%10s%10s%14s%12s\n", "concert", "available", "held", "sold", "waiting",
           "active of", "let in");
    for (size_t i = 0; i < concerts.count; i++) {
        int64_t id = concerts.ids[i];
        char label[32], active[32] = "", waiting[32] = "";
        double waits = of_concert(text, "queue_waiting", id, "");
        snprintf(label, sizeof label, "concert=\"%" PRId64 "\"", id);
        if (waits >= 0) {
            snprintf(waiting, sizeof waiting, "%.0f", waits);
            snprintf(active, sizeof active, "%.0f/%.0f", of_concert(text, "queue_active", id, ""),
                     of_concert(text, "queue_capacity", id, ""));
        }
        printf("%-12" PRId64 "%10.0f%10.0f%10.0f%10s%14s%12.0f%s\n", id,
               of_concert(text, "seats", id, "state=\"available\""),
               of_concert(text, "seats", id, "state=\"held\""),
               of_concert(text, "seats", id, "state=\"sold\""), waiting, active,
               growth(screen, "queue_admitted_total", label),
               of_concert(text, "concert_maintenance", id, "") > 0 ? "  MAINTENANCE" : "");
    }
}

static void
print_screen(const struct screen *screen, const char *run_dir)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_wall(), time);
    printf("%s  %s; counted over %.0f s\n\n", time, run_dir, seconds_compared(screen));
    print_dependencies(screen);
    print_workers(screen);
    print_requests(screen);
    print_books(newest(screen));
    print_concerts(screen);
    fflush(stdout);
}

/* False, with errno set, where no worker answers. */
static bool
read_sample(struct screen *screen, const char *run_dir)
{
    struct buffer *text = &screen->texts[screen->count % SAMPLES];
    buffer_clear(text);
    if (!metrics_read(run_dir, text))
        return false;
    screen->read_at[screen->count++ % SAMPLES] = clock_monotonic();
    return true;
}

static void
say_silence(const char *run_dir)
{
    fprintf(stderr, "frontrowctl: no worker answers in %s: %s\n", run_dir, strerror(errno));
}

/* Until somebody ends it: in an incident there may be no worker for a while. */
static _Noreturn void
follow(struct screen *screen, const char *run_dir)
{
    for (;;) {
        bool answered = read_sample(screen, run_dir);
        fputs("\033[H\033[J", stdout); /* an empty screen */
        fflush(stdout);
        if (!answered)
            say_silence(run_dir);
        if (screen->count > 0)
            print_screen(screen, run_dir);
        sleep(screen->count > 1 ? EVERY_S : 1);
    }
}

int
ctl_status(struct ctl *ctl)
{
    static struct screen screen;
    const char *run_dir = ctl->config.run_dir;
    if (!ctl->once)
        follow(&screen, run_dir);
    /* two readings, so that something can be compared */
    bool works = read_sample(&screen, run_dir) && sleep(1) == 0 && read_sample(&screen, run_dir);
    if (works)
        print_screen(&screen, run_dir);
    else
        say_silence(run_dir);
    for (size_t i = 0; i < SAMPLES; i++)
        buffer_free(&screen.texts[i]);
    return works ? EXIT_DONE : EXIT_DEPENDENCY_GONE;
}
