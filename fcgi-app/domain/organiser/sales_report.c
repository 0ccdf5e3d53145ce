#include "domain/organiser/sales_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { HOUR_MS = 3600000 };

static void
add(struct report_sum *sum, const struct report_slot *slot)
{
    sum->sold += slot->sold;
    sum->given_back += slot->given_back;
    sum->revenue += (slot->sold - slot->given_back) * slot->price + slot->fee;
}

/* The hours of one date and price come in order; those of all together are sorted at the end. */
static void
add_to_hour(struct sales_report *report, int64_t begin, const struct report_slot *slot)
{
    size_t count = report->hour_count;
    if (count == 0 || report->hours[count - 1].begin != begin) {
        if ((count & (count - 1)) == 0) /* it grows by powers of two */
            report->hours =
                reallocarray(report->hours, count > 0 ? 2 * count : 1, sizeof report->hours[0]);
        if (report->hours == NULL)
            log_abort("no memory");
        report->hours[report->hour_count++] = (struct report_hour){.begin = begin};
    }
    add(&report->hours[report->hour_count - 1].sum, slot);
}

static int
compare_hours(const void *a, const void *b)
{
    const struct report_hour *left = a, *right = b;
    return (left->begin > right->begin) - (left->begin < right->begin);
}

static void
sort_hours(struct sales_report *report)
{
    size_t kept = 0;
    if (report->hour_count > 0) /* qsort() must not get NULL */
        qsort(report->hours, report->hour_count, sizeof report->hours[0], compare_hours);
    for (size_t i = 0; i < report->hour_count; i++) {
        const struct report_hour *hour = &report->hours[i];
        if (kept == 0 || report->hours[kept - 1].begin != hour->begin) {
            report->hours[kept++] = *hour;
            continue;
        }
        struct report_sum *sum = &report->hours[kept - 1].sum;
        sum->sold += hour->sum.sold;
        sum->given_back += hour->sum.given_back;
        sum->revenue += hour->sum.revenue;
    }
    report->hour_count = kept;
}

/* The days on their way out. */
struct days {
    void (*visit)(void *state, const struct report_day *day);
    void *state;
    struct report_day day; /* item_id 0: none yet */
};

static void
flush(struct days *days)
{
    if (days->day.item_id != 0)
        days->visit(days->state, &days->day);
    days->day.item_id = 0;
}

/* The rows of a day come behind one another. */
static void
add_to_day(struct days *days, const char *local_day, const struct report_slot *slot)
{
    struct report_day *day = &days->day;
    bool same = day->item_id == slot->item_id && day->price == slot->price &&
                strcmp(day->section, slot->section) == 0 && strcmp(day->day, local_day) == 0;
    if (!same) {
        flush(days);
        *day = (struct report_day){.item_id = slot->item_id, .price = slot->price};
        memcpy(day->day, local_day, sizeof day->day);
        memcpy(day->date, slot->date, sizeof day->date);
        memcpy(day->section, slot->section, sizeof day->section);
    }
    add(&day->sum, slot);
}

static void
add_slot(struct sales_report *report, struct days *days, const struct report_slot *slot)
{
    int64_t instant = slot->slot * REPORT_SLOT_S * 1000;
    int64_t offset = time_zone_offset_ms(instant), local = instant + offset;
    char text[CLOCK_TEXT_SIZE], local_day[DATE_SIZE];
    clock_format(local, text);
    snprintf(local_day, sizeof local_day, "%.10s", text);
    add_to_day(days, local_day, slot);
    add_to_hour(report, local - local % HOUR_MS - offset, slot);
}

enum error
sales_report_find(struct services *services, int32_t concert_id, int32_t item_id,
                  struct concert *concert, struct problem *problem)
{
    struct item item = {.concert_id = concert_id};
    if (concert_find_whole(services->db, concert_id, concert, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = item_id != 0 ? concert_table_item(services->db, item_id, &item) : DB_OK;
    if (result == DB_NONE || (result == DB_OK && item.concert_id != concert_id))
        return refuse(problem, ERROR_ITEM_NOT_FOUND);
    return refuse_db(problem, result);
}

enum error
sales_report_read(struct services *services, const struct concert *concert, int32_t item_id,
                  enum payment_method method,
                  void (*visit)(void *state, const struct report_day *day), void *state,
                  struct sales_report *report, struct problem *problem)
{
    struct days days = {.visit = visit, .state = state};
    struct report_slot slot;
    *report = (struct sales_report){.hour_count = 0};
    enum db_result result =
        sales_report_table_list(services->db, concert->concert_id, item_id, method, &slot);
    time_zone_enter(concert_time_zone(services, concert));
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        add_slot(report, &days, &slot);
    time_zone_leave();
    flush(&days);
    sort_hours(report);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

void
sales_report_free(struct sales_report *report)
{
    free(report->hours);
    report->hours = NULL;
    report->hour_count = 0;
}
