#include "domain/hall/hall_plan.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* ---- the texts ---- */

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The plan's own copy: a hall has a few hundred of them, in a hundred thousand seats. */
static const char *
keep_text(struct hall_plan *plan, const char *text)
{
    char *const *found = tfind(text, &plan->texts, compare_texts);
    if (found != NULL)
        return *found;
    char *copy = strdup(text);
    if (copy == NULL || tsearch(copy, &plan->texts, compare_texts) == NULL)
        log_abort("no memory");
    return copy;
}

void
hall_plan_free(struct hall_plan *plan)
{
    while (plan->texts != NULL) {
        char *text = *(char **)plan->texts;
        tdelete(text, &plan->texts, compare_texts);
        free(text);
    }
    free(plan->seats);
    *plan = (struct hall_plan){.count = 0};
}

/* ---- seats ---- */

/* Seats of one row that stand beside one another in the file do so in the hall, but for a gap. */
static bool
is_same_row(const struct hall_seat *a, const struct hall_seat *b)
{
    return a->section == b->section && a->row == b->row;
}

static bool
refuse_seat(struct hall_refusal *refusal, const struct hall_seat *seat, enum hall_column column,
            enum hall_fault_code code)
{
    refusal->column = column;
    hall_fault_set(&refusal->fault, code);
    refusal->fault.line = seat->origin;
    return false;
}

static bool
add_seat(struct hall_plan *plan, const struct hall_seat *seat, struct hall_refusal *refusal)
{
    if (plan->count == HALL_SEATS_MAX) {
        refuse_seat(refusal, seat, HALL_COLUMN_COUNT, HALL_TOO_MANY_SEATS);
        hall_fault_number(&refusal->fault, "max", HALL_SEATS_MAX);
        return false;
    }
    if (plan->count == plan->capacity) {
        plan->capacity = plan->capacity > 0 ? 2 * plan->capacity : 64;
        plan->seats = realloc(plan->seats, plan->capacity * sizeof plan->seats[0]);
        if (plan->seats == NULL)
            log_abort("no memory");
    }
    struct hall_seat *added = &plan->seats[plan->count];
    *added = *seat;
    added->follows_gap = plan->gap && plan->count > 0 && is_same_row(added, &added[-1]);
    plan->gap = false;
    plan->count++;
    return true;
}

/* Those behind the first one stand beside it. */
static bool
add_range(struct hall_plan *plan, struct hall_reading *range, struct hall_refusal *refusal)
{
    struct hall_seat *seat = &range->seat;
    int64_t step = range->to < range->from ? -1 : 1;
    for (int64_t number = range->from;; number += step) {
        char label[24];
        snprintf(label, sizeof label, "%lld", (long long)number);
        seat->label = keep_text(plan, label);
        if (!add_seat(plan, seat, refusal))
            return false;
        if (number == range->to)
            return true;
        seat->position.x += seat->position.has_x;
    }
}

static void
keep_texts(struct hall_plan *plan, struct hall_seat *seat)
{
    seat->section = keep_text(plan, seat->section);
    seat->row = keep_text(plan, seat->row);
    seat->label = keep_text(plan, seat->label);
    seat->category = keep_text(plan, seat->category);
    seat->note = keep_text(plan, seat->note);
    seat->companion_of = keep_text(plan, seat->companion_of);
}

bool
hall_plan_add(struct hall_plan *plan, const struct hall_record *record,
              struct hall_refusal *refusal)
{
    struct hall_reading reading;
    if (!hall_record_read(record, &reading, refusal))
        return false;
    if (reading.is_gap) {
        hall_plan_add_gap(plan);
        return true;
    }
    keep_texts(plan, &reading.seat);
    return reading.is_range ? add_range(plan, &reading, refusal)
                            : add_seat(plan, &reading.seat, refusal);
}

void
hall_plan_add_gap(struct hall_plan *plan)
{
    plan->gap = true;
}

/* ---- the whole plan ---- */

/* The plan's texts are each there once, but compared by what they say: so a list has an order. */
static int
compare_names(const struct hall_seat *a, const struct hall_seat *b)
{
    int order = a->section == b->section ? 0 : strcmp(a->section, b->section);
    if (order == 0)
        order = a->row == b->row ? 0 : strcmp(a->row, b->row);
    if (order == 0)
        order = a->label == b->label ? 0 : strcmp(a->label, b->label);
    return order;
}

/* By their names; those of one name in the order of the file. */
static int
compare_by_name(const void *a, const void *b)
{
    const struct hall_seat *left = *(const struct hall_seat *const *)a;
    const struct hall_seat *right = *(const struct hall_seat *const *)b;
    int order = compare_names(left, right);
    return order != 0 ? order : (left > right) - (left < right);
}

static bool
has_position(const struct hall_seat *seat)
{
    return seat->position.has_x && seat->position.has_y;
}

/* Those without one come last. */
static int
compare_by_position(const void *a, const void *b)
{
    const struct hall_seat *left = *(const struct hall_seat *const *)a;
    const struct hall_seat *right = *(const struct hall_seat *const *)b;
    if (has_position(left) != has_position(right))
        return has_position(left) ? -1 : 1;
    if (left->position.x != right->position.x)
        return left->position.x < right->position.x ? -1 : 1;
    if (left->position.y != right->position.y)
        return left->position.y < right->position.y ? -1 : 1;
    return (left > right) - (left < right);
}

static struct hall_seat **
sort_seats(const struct hall_plan *plan, int (*compare)(const void *a, const void *b))
{
    struct hall_seat **sorted = calloc(plan->count, sizeof(struct hall_seat *));
    if (sorted == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < plan->count; i++)
        sorted[i] = &plan->seats[i];
    qsort(sorted, plan->count, sizeof(struct hall_seat *), compare);
    return sorted;
}

static void
name_seat(struct hall_fault *fault, const struct hall_seat *seat)
{
    hall_fault_word(fault, "section", seat->section);
    hall_fault_word(fault, "row", seat->row);
    hall_fault_word(fault, "label", seat->label);
}

/* The first seat of the file whose name another one has before it. */
static bool
check_names(const struct hall_plan *plan, struct hall_seat *const *by_name,
            struct hall_refusal *refusal)
{
    const struct hall_seat *twice = NULL, *before = NULL;
    for (size_t i = 1; i < plan->count; i++)
        if (compare_names(by_name[i - 1], by_name[i]) == 0 &&
            (twice == NULL || by_name[i] < twice)) {
            twice = by_name[i];
            before = by_name[i - 1];
        }
    if (twice == NULL)
        return true;
    refuse_seat(refusal, twice, HALL_COLUMN_LABEL, HALL_SAME_SEAT);
    name_seat(&refusal->fault, twice);
    hall_fault_number(&refusal->fault, "line", before->origin);
    return false;
}

/* Whether both have seats, or both are places of one standing area, which has one price. */
static bool
agree(const struct hall_seat *a, const struct hall_seat *b)
{
    bool standing = a->kind == SEAT_STANDING;
    return standing == (b->kind == SEAT_STANDING) &&
           (!standing || (a->price == b->price && strcmp(a->category, b->category) == 0));
}

static bool
check_areas(const struct hall_plan *plan, struct hall_seat *const *by_name,
            struct hall_refusal *refusal)
{
    for (size_t i = 1; i < plan->count; i++) {
        const struct hall_seat *seat = by_name[i], *other = by_name[i - 1];
        if (strcmp(seat->section, other->section) != 0 || agree(seat, other))
            continue;
        refuse_seat(refusal, seat, HALL_COLUMN_SECTION, HALL_MIXED_SECTION);
        hall_fault_word(&refusal->fault, "section", seat->section);
        hall_fault_number(&refusal->fault, "line", other->origin);
        return false;
    }
    return true;
}

static bool
refuse_lone(struct hall_refusal *refusal, const struct hall_seat *seat)
{
    refuse_seat(refusal, seat,
                *seat->companion_of != '\0' ? HALL_COLUMN_COMPANION_OF : HALL_COLUMN_LABEL,
                HALL_LONE_COMPANION);
    hall_fault_word(&refusal->fault, "label", seat->label);
    return false;
}

static void
make_partners(struct hall_plan *plan, struct hall_seat *companion, struct hall_seat *wheelchair)
{
    companion->partner = (int32_t)(wheelchair - plan->seats);
    wheelchair->partner = (int32_t)(companion - plan->seats);
}

/* The wheelchair place of the seat's row with the label that the file names. */
static bool
pair_by_label(struct hall_plan *plan, struct hall_seat *const *by_name, struct hall_seat *seat,
              struct hall_refusal *refusal)
{
    struct hall_seat wanted = *seat, *key = &wanted;
    size_t low = 0, high = plan->count;
    wanted.label = seat->companion_of;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_names(by_name[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == plan->count || compare_names(by_name[low], key) != 0 ||
        by_name[low]->kind != SEAT_WHEELCHAIR)
        return refuse_lone(refusal, seat);
    struct hall_seat *wheelchair = by_name[low];
    if (wheelchair->partner >= 0) {
        refuse_seat(refusal, seat, HALL_COLUMN_COMPANION_OF, HALL_SECOND_COMPANION);
        hall_fault_word(&refusal->fault, "label", wheelchair->label);
        hall_fault_number(&refusal->fault, "line", plan->seats[wheelchair->partner].origin);
        return false;
    }
    make_partners(plan, seat, wheelchair);
    return true;
}

/* The wheelchair place beside it, first the one before it, that has no companion yet. */
static bool
pair_by_side(struct hall_plan *plan, struct hall_seat *seat, struct hall_refusal *refusal)
{
    struct hall_seat *before = seat - 1, *after = seat + 1;
    const struct hall_seat *end = plan->seats + plan->count;
    if (seat > plan->seats && !seat->follows_gap && is_same_row(before, seat) &&
        before->kind == SEAT_WHEELCHAIR && before->partner < 0)
        make_partners(plan, seat, before);
    else if (after < end && !after->follows_gap && is_same_row(after, seat) &&
             after->kind == SEAT_WHEELCHAIR && after->partner < 0)
        make_partners(plan, seat, after);
    else
        return refuse_lone(refusal, seat);
    return true;
}

/* Those that the file names come first: what is left is told by where it stands. */
static bool
pair_companions(struct hall_plan *plan, struct hall_seat *const *by_name,
                struct hall_refusal *refusal)
{
    struct hall_seat *end = plan->seats + plan->count;
    for (struct hall_seat *seat = plan->seats; seat < end; seat++)
        if (*seat->companion_of != '\0' && !pair_by_label(plan, by_name, seat, refusal))
            return false;
    for (struct hall_seat *seat = plan->seats; seat < end; seat++)
        if (seat->kind == SEAT_COMPANION && seat->partner < 0 && !pair_by_side(plan, seat, refusal))
            return false;
    return true;
}

/* Adjacent are consecutive seatIds of a row: so a gap is a number that no seat has. */
static void
number_seats(struct hall_plan *plan)
{
    int32_t number = 0;
    for (size_t i = 0; i < plan->count; i++) {
        number += plan->seats[i].follows_gap ? 2 : 1;
        plan->seats[i].number = number;
    }
}

/* The notice; NULL: it is only counted. */
static struct hall_fault *
add_notice(struct hall_plan *plan, const struct hall_seat *seat, enum hall_fault_code code)
{
    if (plan->notice_count++ >= HALL_NOTICES_MAX)
        return NULL;
    struct hall_fault *fault = &plan->notices[plan->notice_count - 1];
    hall_fault_set(fault, code);
    fault->line = seat->origin;
    name_seat(fault, seat);
    return fault;
}

/* Seats that nobody would see in the picture of a hall: without a spot of their own, where others
 * have one. */
static void
notice_positions(struct hall_plan *plan)
{
    size_t known = 0;
    for (size_t i = 0; i < plan->count; i++)
        known += has_position(&plan->seats[i]);
    if (known == 0)
        return;
    for (size_t i = 0; i < plan->count; i++)
        if (!has_position(&plan->seats[i]) && plan->seats[i].kind != SEAT_STANDING)
            add_notice(plan, &plan->seats[i], HALL_NO_POSITION);
    struct hall_seat **sorted = sort_seats(plan, compare_by_position);
    for (size_t i = 1; i < plan->count; i++) {
        const struct hall_seat *seat = sorted[i], *before = sorted[i - 1];
        if (!has_position(seat) || seat->position.x != before->position.x ||
            seat->position.y != before->position.y)
            continue;
        struct hall_fault *fault = add_notice(plan, seat, HALL_SAME_POSITION);
        if (fault != NULL)
            hall_fault_number(fault, "line", before->origin);
    }
    free(sorted);
}

bool
hall_plan_finish(struct hall_plan *plan, struct hall_refusal *refusal)
{
    if (plan->count == 0) {
        refusal->column = HALL_COLUMN_COUNT;
        return hall_fault_set(&refusal->fault, HALL_NO_SEATS);
    }
    struct hall_seat **by_name = sort_seats(plan, compare_by_name);
    bool sound = check_names(plan, by_name, refusal) && check_areas(plan, by_name, refusal) &&
                 pair_companions(plan, by_name, refusal);
    free(by_name);
    if (!sound)
        return false;
    number_seats(plan);
    notice_positions(plan);
    return true;
}

void
hall_plan_summarise(const struct hall_plan *plan, struct hall_summary *summary)
{
    *summary = (struct hall_summary){.min_price = -1, .max_price = -1};
    if (plan->count == 0)
        return;
    struct hall_seat **sorted = sort_seats(plan, compare_by_name);
    for (size_t i = 0; i < plan->count; i++) {
        const struct hall_seat *seat = sorted[i];
        summary->sections += i == 0 || seat->section != sorted[i - 1]->section;
        summary->rows += i == 0 || !is_same_row(seat, sorted[i - 1]);
        summary->kinds[seat->kind]++;
        summary->unpriced += seat->price < 0;
        if (seat->price >= 0 && (summary->min_price < 0 || seat->price < summary->min_price))
            summary->min_price = seat->price;
        if (seat->price > summary->max_price)
            summary->max_price = seat->price;
    }
    free(sorted);
}
