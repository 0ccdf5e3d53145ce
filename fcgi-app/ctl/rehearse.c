/* frontrowctl rehearse: tomorrow's opening, today, with fans that are none (docs/rehearsal.md). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/rehearsal/cpu.h"
#include "ctl/rehearsal/crowd.h"
#include "ctl/rehearsal/house.h"
#include "ctl/rehearsal/report.h"

enum { FANS_MAX = 1000000, CAPACITY_MAX = 10000000, MINUTES_MAX = 240, SECONDS_MAX = 14400 };

static volatile sig_atomic_t is_interrupted;

static void
interrupt(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* From now on the house is taken away in any case. */
static void
catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

/* A number above 0, with or without decimals. NULL keeps what there is. */
static bool
read_amount(const char *text, double max, double *amount)
{
    char *end;
    if (text == NULL)
        return true;
    *amount = strtod(text, &end);
    return end != text && *end == '\0' && *amount > 0 && *amount <= max;
}

/* Over the defaults that stand in *model. */
static bool
read_model(const struct ctl *ctl, struct fan_model *model)
{
    double minutes = model->window_s / 60;
    int64_t fans, seed = (int64_t)model->seed;
    if (ctl->fans == NULL || !ctl_read_number(ctl->fans, 1, FANS_MAX, &fans) ||
        (ctl->seed != NULL && !ctl_read_number(ctl->seed, 0, INT64_MAX, &seed)) ||
        !read_amount(ctl->minutes, MINUTES_MAX, &minutes) ||
        !read_amount(ctl->patience_seconds, SECONDS_MAX, &model->patience_s) ||
        !read_amount(ctl->choose_seconds, SECONDS_MAX, &model->choose_s) ||
        !read_amount(ctl->pay_seconds, SECONDS_MAX, &model->pay_s))
        return false;
    model->fans = (int)fans;
    model->window_s = minutes * 60;
    model->seed = (uint64_t)seed;
    return true;
}

static bool
read_capacity(const struct ctl *ctl, int32_t *capacity)
{
    int64_t number = -1;
    if (ctl->capacity != NULL && !ctl_read_number(ctl->capacity, 1, CAPACITY_MAX, &number))
        return false;
    *capacity = (int32_t)number;
    return true;
}

/* Before the rehearsal, so that it is not in vain. NULL after saying why not. */
static FILE *
open_report(const struct ctl *ctl)
{
    char path[64];
    snprintf(path, sizeof path, "rehearsal-%.20s.html", ctl->argument);
    const char *name = ctl->report != NULL ? ctl->report : path;
    FILE *file = fopen(name, "we");
    if (file == NULL)
        fprintf(stderr, "frontrowctl: %s: %s (use --report)\n", name, strerror(errno));
    return file;
}

static int
write_reports(const struct ctl *ctl, FILE *html, const struct record *record,
              const struct rehearsed *rehearsed)
{
    struct verdict verdict;
    struct buffer text = {0}, page = {0};
    verdict_find(record, rehearsed, &verdict);
    if (ctl->json)
        report_write_json(record, rehearsed, &verdict, &text);
    else
        report_write_text(record, rehearsed, &verdict, &text);
    report_write_html(record, rehearsed, &verdict, &page);
    fputs(text.data, stdout);
    bool is_written = fwrite(page.data, 1, page.length, html) == page.length && fflush(html) == 0;
    buffer_free(&text);
    buffer_free(&page);
    if (!is_written)
        perror("frontrowctl: the report");
    return is_written && verdict.kind != VERDICT_UNKNOWN ? EXIT_DONE : EXIT_FAILED;
}

/* In the house, from the building to the last fan. */
static int
play(struct house *house, const struct concert *concert, const struct fan_model *model,
     int32_t capacity, struct record *record)
{
    int status = house_build(house, concert->concert_id, capacity, &is_interrupted);
    if (status != EXIT_DONE)
        return status;
    const struct crowd_setup setup = {.model = *model,
                                      .run_dir = house->shadow.run_dir,
                                      .sockets = house->config.sockets,
                                      .concert_id = concert->concert_id,
                                      .name = "fan",
                                      .master = house->master,
                                      .shows_progress = true,
                                      .is_interrupted = &is_interrupted};
    return crowd_play(&setup, record) ? EXIT_DONE : EXIT_FAILED;
}

static int
rehearse(struct ctl *ctl, struct house *house, const struct fan_model *model, int32_t capacity,
         FILE *html)
{
    struct concert concert;
    struct record record = {0};
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    if (capacity < 0 && concert.queued)
        capacity = concert.admission_capacity;
    const struct rehearsed rehearsed = {concert.concert_id, concert.title, capacity,
                                        ctl->config.workers, cpu_cores()};
    status = play(house, &concert, model, capacity, &record);
    int removed = house_remove(house);
    if (status == EXIT_DONE)
        status = write_reports(ctl, html, &record, &rehearsed);
    record_free(&record);
    return status == EXIT_DONE ? removed : status;
}

int
ctl_rehearse(struct ctl *ctl)
{
    struct house house;
    struct fan_model model = FAN_MODEL_DEFAULT;
    int32_t capacity = -1;
    if (ctl->argument == NULL ? !ctl->clean_up : ctl->clean_up) {
        fputs("frontrowctl: rehearse takes a concertId or --clean-up\n", stderr);
        return EXIT_USAGE;
    }
    if (!ctl->clean_up && (!read_model(ctl, &model) || !read_capacity(ctl, &capacity))) {
        fprintf(stderr,
                "frontrowctl: rehearse needs --fans, 1 to %d; --capacity is a number from 1 on;"
                " minutes are above 0, up to %d; seconds up to %d\n",
                FANS_MAX, MINUTES_MAX, SECONDS_MAX);
        return EXIT_USAGE;
    }
    catch_signals();
    int status = house_enter(&house, ctl);
    if (status != EXIT_DONE || ctl->clean_up)
        return status;
    FILE *html = open_report(ctl);
    if (html == NULL)
        return EXIT_FAILED;
    status = rehearse(ctl, &house, &model, capacity, html);
    fclose(html);
    return status;
}
