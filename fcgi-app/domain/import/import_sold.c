#include "domain/import/import_sold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* What the plan of a hall has where its file has no such column (domain/hall). */
#define DEFAULT_SECTION "A"
#define DEFAULT_ROW "1"

/*
 * What the status of a line means: whatever has paid has a seat. The words are ours, and those of
 * pretix and alf.io.
 */
static const struct {
    const char *word;
    bool is_sold;
} status_words[] = {
    {"", true},           {"sold", true},       {"paid", true},      {"p", true},
    {"acquired", true},   {"checkedin", true},  {"held", false},     {"expired", false},
    {"e", false},         {"cancelled", false}, {"canceled", false}, {"c", false},
    {"available", false}, {"blocked", false},   {"pending", false},  {"n", false},
    {"released", false},
};

bool
import_sold_is_one(struct import_orders *import)
{
    char word[32];
    const char *status = import_file_cell(&import->file, IMPORT_STATUS);
    text_fold(status, word, sizeof word);
    for (size_t i = 0; i < sizeof status_words / sizeof status_words[0]; i++) {
        if (strcmp(status_words[i].word, word) != 0)
            continue;
        import->totals.skipped_count += !status_words[i].is_sold;
        return status_words[i].is_sold;
    }
    import_file_fault(&import->file, IMPORT_STATUS,
                      "%.50s is no status that tells whether the seat is sold: paid or cancelled",
                      status);
    return false;
}

/* The local day, which a time may follow. */
static bool
is_on_day(const char *text, const char *day)
{
    size_t length = strlen(day);
    return strncmp(text, day, length) == 0 && strchr(" T", text[length]) != NULL;
}

/* By its day; the itemId decides where two are on one, or where there is no day. */
static struct import_date *
find_date(struct import_orders *import)
{
    struct import_file *file = &import->file;
    const char *day = import_file_cell(file, IMPORT_DATE),
               *id = import_file_cell(file, IMPORT_ITEM);
    struct import_date *found = NULL;
    int count = 0;
    bool is_named = false;
    if (file->columns[IMPORT_DATE] < 0 && file->columns[IMPORT_ITEM] < 0)
        return &import->dates[0];
    for (size_t i = 0; i < import->date_count; i++) {
        struct import_date *date = &import->dates[i];
        char item_id[16];
        snprintf(item_id, sizeof item_id, "%d", (int)date->item.item_id);
        bool is_this = strcmp(id, item_id) == 0;
        if (is_named || (*day == '\0' ? !is_this : !is_on_day(day, date->item.date)))
            continue;
        found = date;
        count++;
        is_named = is_this;
    }
    if (*day == '\0' && *id == '\0')
        import_file_fault(file, file->columns[IMPORT_DATE] >= 0 ? IMPORT_DATE : IMPORT_ITEM,
                          "The date is empty");
    else if (count == 0)
        import_file_fault(file, *day != '\0' ? IMPORT_DATE : IMPORT_ITEM,
                          "The concert has no date %.50s", *day != '\0' ? day : id);
    else if (count > 1 && !is_named)
        import_file_fault(file, IMPORT_DATE,
                          "The concert has %d dates on %.20s: a column itemId must say which",
                          count, day);
    else if (found->item.status != ITEM_OPEN)
        import_file_fault(file, IMPORT_DATE, "This date is cancelled");
    else
        return found;
    return NULL;
}

/* By its names, and where the file has none by its number. */
static struct import_seat *
find_seat(struct import_orders *import, const struct import_date *date)
{
    struct import_file *file = &import->file;
    const char *section = import_file_cell(file, IMPORT_SECTION);
    const char *row = import_file_cell(file, IMPORT_ROW);
    const char *label = import_file_cell(file, IMPORT_LABEL);
    const char *id = import_file_cell(file, IMPORT_SEAT);
    struct import_seat *seat;
    if (file->columns[IMPORT_LABEL] < 0) {
        seat = import_seats_find_id(&date->seats, strtoll(id, NULL, 10));
        if (seat == NULL || id[strspn(id, "0123456789")] != '\0') {
            import_file_fault(file, IMPORT_SEAT, "%s has no seat %.50s", date->item.date, id);
            return NULL;
        }
        return seat;
    }
    if (file->columns[IMPORT_SECTION] < 0)
        section = DEFAULT_SECTION;
    if (file->columns[IMPORT_ROW] < 0)
        row = DEFAULT_ROW;
    seat = import_seats_find(&date->seats, section, row, label);
    if (seat == NULL || seat->is_doubled)
        import_file_fault(file, IMPORT_LABEL, "%s has %s section %.50s, row %.50s, seat %.50s",
                          date->item.date, seat == NULL ? "no" : "several seats that are called",
                          section, row, label);
    return seat != NULL && !seat->is_doubled ? seat : NULL;
}

static bool
read_method(struct import_orders *import, enum payment_method *method)
{
    static const char *const paid[] = {"", "points", "box_office", "other"};
    const char *word = import_file_cell(&import->file, IMPORT_METHOD);
    *method = strcmp(word, "guest") == 0 ? PAID_GUEST : PAID_BOX_OFFICE;
    bool is_known = *method == PAID_GUEST;
    for (size_t i = 0; i < sizeof paid / sizeof paid[0]; i++)
        is_known = is_known || strcmp(word, paid[i]) == 0;
    if (!is_known)
        import_file_fault(&import->file, IMPORT_METHOD,
                          "%.50s is no method: points, box_office, guest, or nothing", word);
    return is_known;
}

/* Without a price it is that of the seat, and nothing of a guest's. */
static bool
read_price(struct import_orders *import, struct import_sold *sold)
{
    struct import_file *file = &import->file;
    if (*import_file_cell(file, IMPORT_AMOUNT) == '\0') {
        sold->price = sold->method != PAID_GUEST && sold->seat != NULL ? sold->seat->price : 0;
        return true;
    }
    if (!import_file_amount(file, PRICE_MAX, &sold->price))
        return false;
    if (sold->method != PAID_GUEST || sold->price == 0)
        return true;
    import_file_fault(file, IMPORT_AMOUNT, "A guest pays nothing");
    return false;
}

static bool
read_paid_at(struct import_orders *import, struct import_sold *sold)
{
    const char *text = import_file_cell(&import->file, IMPORT_PAID_AT);
    sold->has_sold_at = *text != '\0';
    if (!sold->has_sold_at ||
        (clock_parse(text, &sold->sold_at) && sold->sold_at <= import->offer.concert.now))
        return true;
    import_file_fault(&import->file, IMPORT_PAID_AT,
                      "%.50s is no time in the past, like 2026-12-01T09:00:00Z", text);
    return false;
}

/* Remembers that the file has sold the seat. */
static bool
name_seat(struct import_orders *import, struct import_seat *seat)
{
    struct import_file *file = &import->file;
    if (seat->line != 0) {
        import_file_fault(file, file->columns[IMPORT_LABEL] >= 0 ? IMPORT_LABEL : IMPORT_SEAT,
                          "This seat stands in line %" PRId64 " already", seat->line);
        return false;
    }
    seat->line = file->row.line;
    return true;
}

enum error
import_sold_read(struct import_orders *import, struct import_sold *sold, bool *is_sound,
                 struct problem *problem)
{
    *sold = (struct import_sold){.date = find_date(import)};
    if (sold->date != NULL && !sold->date->is_read) {
        sold->date->is_read = true;
        if (import_seats_read(import->services, sold->date->item.item_id, import->offer.concert.now,
                              &sold->date->seats, problem) != ERROR_NONE)
            return problem->error;
    }
    sold->seat = sold->date != NULL ? find_seat(import, sold->date) : NULL;
    *is_sound = read_method(import, &sold->method);
    *is_sound = read_price(import, sold) && *is_sound;
    *is_sound = read_paid_at(import, sold) && *is_sound;
    *is_sound = sold->seat != NULL && name_seat(import, sold->seat) && *is_sound;
    return ERROR_NONE;
}
