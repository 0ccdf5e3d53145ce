/*
 * fuzz_draft: a new concert, a new date and a change of either, as operators send them. The input
 * is a line with "create", "change", "item" or "item-change", and the JSON. What was taken must fit
 * into the arrays and the ranges of the contract.
 */
#include <stdlib.h>
#include <string.h>

#include "api/concert_draft.h"
#include "api/refund_rules.h"
#include "base/clock.h"
#include "fuzz.h"

static void
require_rules(const struct refund_rules *rules)
{
    struct buffer text = {0};
    struct json json = json_writer(&text);
    REQUIRE(rules->count <= REFUND_RULES_MAX);
    for (size_t i = 0; i < rules->count; i++) {
        REQUIRE(rules->list[i].until_days >= 0 && rules->list[i].until_days <= REFUND_DAYS_MAX);
        REQUIRE(i == 0 || rules->list[i].until_days < rules->list[i - 1].until_days);
        REQUIRE(rules->list[i].percent >= 0 && rules->list[i].percent <= 100);
    }
    json_begin_object(&json, NULL);
    refund_rules_write(&json, rules);
    json_end_object(&json);
    fuzz_require_json(text.data, text.length);
    buffer_free(&text);
}

static void
require_concert(const struct concert *concert)
{
    fuzz_require_text(concert->title, sizeof concert->title);
    fuzz_require_text(concert->venue, sizeof concert->venue);
    fuzz_require_text(concert->beacon_source, sizeof concert->beacon_source);
    fuzz_require_text(concert->beacon, sizeof concert->beacon);
    REQUIRE(concert->stored == STORED_OPEN || concert->stored == STORED_CLOSED);
    REQUIRE(concert->opens_at == CLOCK_NEVER || concert->opens_at >= 0);
    REQUIRE(concert->closes_at == CLOCK_NEVER || concert->closes_at >= 0);
    REQUIRE(concert->admission_capacity >= 0);
    REQUIRE(concert->active_seconds >= 1 && concert->active_seconds <= 86400);
    REQUIRE(concert->hold_seconds >= 1 && concert->hold_seconds <= 3600);
    REQUIRE(concert->idle_seconds == 0 ||
            (concert->idle_seconds >= 30 && concert->idle_seconds <= 86400));
    REQUIRE(!concert->has_seat_limit || concert->max_seats_per_user >= 1);
    REQUIRE(concert->max_waiting >= 0);
    fuzz_require_text(concert->time_zone, sizeof concert->time_zone);
    REQUIRE(concert->time_zone[0] == '\0' || time_zone_is_known(concert->time_zone));
    REQUIRE(concert->draw_lead_seconds >= 1 && concert->draw_lead_seconds <= 86400);
    require_rules(&concert->refund_rules);
}

static void
require_about(const struct concert_about *about)
{
    fuzz_require_text(about->description, sizeof about->description);
    fuzz_require_text(about->poster, sizeof about->poster);
    REQUIRE(about->poster[0] == '\0' ||
            (strncmp(about->poster, "poster/", 7) == 0 && strchr(about->poster + 7, '/') == NULL));
    REQUIRE(about->age_limit >= 0 && about->age_limit <= 99);
    REQUIRE(about->running_minutes >= 0 && about->running_minutes <= 1440);
}

static void
require_item(const struct item_draft *draft)
{
    int64_t seats = 0;
    REQUIRE(clock_is_date(draft->item.date));
    REQUIRE(draft->item.starts_at >= 0);
    REQUIRE((draft->range_count >= 1) + (draft->hall_id > 0) + (draft->like_id > 0) == 1);
    for (size_t i = 0; i < draft->price_count; i++) {
        fuzz_require_text(draft->prices[i].section, sizeof draft->prices[i].section);
        fuzz_require_text(draft->prices[i].category, sizeof draft->prices[i].category);
        REQUIRE(draft->prices[i].price >= 0 && draft->prices[i].price <= PRICE_MAX);
    }
    for (size_t i = 0; i < draft->range_count; i++) {
        const struct seat_range *range = &draft->ranges[i];
        fuzz_require_text(range->section, sizeof range->section);
        fuzz_require_text(range->row, sizeof range->row);
        REQUIRE(range->section[0] != '\0' && (range->row[0] == '\0') == range->standing);
        REQUIRE(range->from >= 1 && range->to >= range->from);
        REQUIRE(range->price >= 0 && range->price <= PRICE_MAX);
        REQUIRE(range->first_label >= 0);
        REQUIRE(!range->has_x || (range->x >= -1000000 && range->x <= 1000000));
        REQUIRE(!range->has_y || (range->y >= -1000000 && range->y <= 1000000));
        seats += (int64_t)range->to - range->from + 1;
    }
    REQUIRE(draft->item.seat_count == seats);
}

static void
require_answer(struct concert_draft *draft)
{
    struct concert_create create = {.draft = draft, .warning = "Redis has less memory"};
    struct buffer body = {0};
    concert_draft_render(&create, &body);
    fuzz_require_json(body.data, body.length);
    buffer_free(&body);
}

static void
create_concert(const json_t *body)
{
    struct concert_draft draft;
    struct problem problem;
    if (concert_draft_read(body, &draft, &problem) == ERROR_NONE) {
        require_concert(&draft.concert);
        REQUIRE(draft.concert.title[0] != '\0' && draft.concert.venue[0] != '\0');
        for (size_t i = 0; i < draft.item_count; i++)
            require_item(&draft.items[i]);
        require_answer(&draft);
    } else {
        REQUIRE(problem.error == ERROR_INVALID_FIELD);
        fuzz_require_problem(&problem);
    }
    concert_draft_free(&draft);
}

static void
change_concert(const json_t *body)
{
    struct concert concert = concert_defaults;
    struct concert_about about = {.has_age_limit = false};
    struct problem problem;
    if (concert_change_read(body, &concert, &problem) == ERROR_NONE &&
        concert_about_read(body, &about, &problem) == ERROR_NONE) {
        require_concert(&concert);
        require_about(&about);
    } else {
        REQUIRE(problem.error == ERROR_INVALID_FIELD);
        fuzz_require_problem(&problem);
    }
}

static void
create_item(const json_t *body)
{
    struct item_draft draft;
    struct problem problem;
    if (item_draft_read(body, &draft, &problem) == ERROR_NONE) {
        require_item(&draft);
    } else {
        REQUIRE(problem.error == ERROR_INVALID_FIELD);
        fuzz_require_problem(&problem);
    }
    item_draft_free(&draft);
}

static void
require_seats(const struct seat_change *seats)
{
    REQUIRE(seats->from >= 1 && seats->to >= seats->from);
    REQUIRE(seats->price >= 0 && seats->price <= PRICE_MAX);
    fuzz_require_text(seats->section, sizeof seats->section);
    fuzz_require_text(seats->row, sizeof seats->row);
    REQUIRE(seats->has_section == (seats->section[0] != '\0'));
    REQUIRE(seats->has_row == (seats->row[0] != '\0'));
    REQUIRE(seats->first_label >= 0);
    REQUIRE(seats->x >= -1000000 && seats->x <= 1000000);
    REQUIRE(seats->y >= -1000000 && seats->y <= 1000000);
}

static void
change_item(const json_t *body)
{
    static struct item_change change; /* too large for the stack */
    struct problem problem;
    change = (struct item_change){.seat_count = 0};
    if (item_change_read(body, &change, &problem) == ERROR_NONE) {
        REQUIRE(!change.has_date || clock_is_date(change.date));
        REQUIRE(!change.has_starts_at || change.starts_at >= 0);
        for (size_t i = 0; i < change.seat_count; i++) {
            require_seats(&change.seats[i]);
            REQUIRE(i == 0 || change.by_number[i]->from > change.by_number[i - 1]->to);
        }
    } else {
        REQUIRE(problem.error == ERROR_INVALID_FIELD);
        fuzz_require_problem(&problem);
    }
    item_change_free(&change);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size), *rest = text;
    const char *call = fuzz_cut(&rest, "\n");
    size_t length = size - (size_t)(rest - text);
    json_t *body = json_loadb(rest, length, JSON_REJECT_DUPLICATES, NULL);
    if (body != NULL && strcmp(call, "create") == 0) /* frontrowctl takes any JSON so far */
        create_concert(body);
    else if (json_is_object(body) && strcmp(call, "change") == 0)
        change_concert(body);
    else if (json_is_object(body) && strcmp(call, "item") == 0)
        create_item(body);
    else if (json_is_object(body) && strcmp(call, "item-change") == 0)
        change_item(body);
    json_decref(body);
    free(text);
    return 0;
}
