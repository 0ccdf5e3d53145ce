#include "domain/hall/hall_plan.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* What is told where a file has no such column. */
static const char default_section[] = "A";
static const char default_row[] = "1";

static const char *const column_names[HALL_COLUMN_COUNT] = {
#define HALL_COLUMN(name, text) [HALL_COLUMN_##name] = (text),
    HALL_COLUMNS(HALL_COLUMN)
#undef HALL_COLUMN
};

const char *
hall_column_name(enum hall_column column)
{
    return column_names[column];
}

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

/* ---- a record ---- */

/* A record while it is read. */
struct reading {
    const struct hall_record *record;
    struct hall_refusal *refusal;
};

static bool
refuse_cell(const struct reading *reading, enum hall_column column, enum hall_fault_code code)
{
    reading->refusal->column = column;
    hall_fault_set(&reading->refusal->fault, code);
    reading->refusal->fault.line = reading->record->origin;
    if (column != HALL_COLUMN_COUNT)
        hall_fault_word(&reading->refusal->fault, "column", hall_column_name(column));
    return false;
}

static const char *
cell(const struct reading *reading, enum hall_column column)
{
    const char *text = reading->record->cells[column];
    return text != NULL ? text : "";
}

static bool
has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* A text of up to `max` characters; where the file has no such column, the default. */
static bool
read_text(struct hall_plan *plan, const struct reading *reading, enum hall_column column,
          size_t max, const char *default_text, const char **text)
{
    const char *found = reading->record->cells[column];
    if (found == NULL || (*found == '\0' && *default_text == '\0'))
        found = default_text;
    else if (*found == '\0')
        return refuse_cell(reading, column, HALL_EMPTY_CELL);
    if (has_control_character(found))
        return refuse_cell(reading, column, HALL_CONTROL_CHARACTER);
    if (text_count_characters(found) > max) {
        refuse_cell(reading, column, HALL_TOO_LONG);
        hall_fault_number(&reading->refusal->fault, "max", (int64_t)max);
        return false;
    }
    *text = keep_text(plan, found);
    return true;
}

static bool
refuse_number(const struct reading *reading, enum hall_column column, int64_t min, int64_t max)
{
    refuse_cell(reading, column, HALL_BAD_NUMBER);
    hall_fault_number(&reading->refusal->fault, "min", min);
    hall_fault_number(&reading->refusal->fault, "max", max);
    hall_fault_word(&reading->refusal->fault, "text", cell(reading, column));
    return false;
}

/* Digits alone. */
static bool
read_count(const struct reading *reading, enum hall_column column, int64_t min, int64_t max,
           int64_t *number)
{
    const char *text = cell(reading, column);
    size_t digits = strspn(text, "0123456789");
    *number = digits > 0 && digits <= 18 && text[digits] == '\0' ? strtoll(text, NULL, 10) : -1;
    return (*number >= min && *number <= max) || refuse_number(reading, column, min, max);
}

/* Three digits behind each comma, and one to three before the first. */
static bool
is_grouped(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool ok = digits > 0 && (digits <= 3 || text[digits] != ',');
    for (text += digits; ok && *text == ','; text += 4)
        ok = strspn(text + 1, "0123456789") == 3;
    return ok && *text == '\0';
}

/* Cuts a mark of the currency off: of a price everybody knows what it is in. */
static void
cut_currency(char *text)
{
    static const char *const before[] = {"₩", "￦", "\\"}, *const behind[] = {"원", "KRW", "won"};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        size_t length = strlen(before[i]);
        if (strncmp(text, before[i], length) == 0)
            memmove(text, text + length, strlen(text + length) + 1);
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        size_t length = strlen(behind[i]), all = strlen(text);
        if (all > length && strcmp(text + all - length, behind[i]) == 0)
            text[all - length] = '\0';
    }
    size_t begin = strspn(text, " "), end = strlen(text);
    while (end > begin && text[end - 1] == ' ')
        end--;
    memmove(text, text + begin, end - begin);
    text[end - begin] = '\0';
}

/* "120000", "120,000", "₩120,000", "120,000 원"; nothing: -1. */
static bool
read_price(const struct reading *reading, int64_t *price)
{
    char text[64];
    const char *found = cell(reading, HALL_COLUMN_PRICE);
    *price = -1;
    if (*found == '\0')
        return true;
    if (text_copy(text, sizeof text, found)) {
        cut_currency(text);
        if (is_grouped(text) && strlen(text) <= 18) {
            *price = 0;
            for (const char *digit = text; *digit != '\0'; digit++)
                *price = *digit != ',' ? *price * 10 + (*digit - '0') : *price;
        }
    }
    return (*price >= 0 && *price <= PRICE_MAX) ||
           refuse_number(reading, HALL_COLUMN_PRICE, 0, PRICE_MAX);
}

/* A coordinate is rounded; nothing: it is not known. */
static bool
read_coordinate(const struct reading *reading, enum hall_column column, int32_t *value, bool *known)
{
    const char *text = cell(reading, column);
    char *end;
    *known = *text != '\0';
    if (!*known)
        return true;
    double number = strtod(text, &end);
    if (text[strspn(text, "-.0123456789")] != '\0' || *end != '\0' ||
        fabs(number) > HALL_POSITION_MAX)
        return refuse_number(reading, column, -HALL_POSITION_MAX, HALL_POSITION_MAX);
    *value = (int32_t)lround(number);
    return true;
}

/* ---- kinds ---- */

/* What box offices write; blanks, hyphens and capitals aside. A gap is no seat: SEAT_KIND_OTHER. */
static const struct {
    const char *word;
    enum seat_kind kind;
} kind_words[] = {
    {"plain", SEAT_PLAIN},
    {"normal", SEAT_PLAIN},
    {"standard", SEAT_PLAIN},
    {"seat", SEAT_PLAIN},
    {"일반", SEAT_PLAIN},
    {"일반석", SEAT_PLAIN},
    {"restricted", SEAT_RESTRICTED},
    {"restrictedview", SEAT_RESTRICTED},
    {"시야제한", SEAT_RESTRICTED},
    {"시야제한석", SEAT_RESTRICTED},
    {"시야방해", SEAT_RESTRICTED},
    {"시야방해석", SEAT_RESTRICTED},
    {"wheelchair", SEAT_WHEELCHAIR},
    {"accessible", SEAT_WHEELCHAIR},
    {"휠체어", SEAT_WHEELCHAIR},
    {"휠체어석", SEAT_WHEELCHAIR},
    {"장애인석", SEAT_WHEELCHAIR},
    {"companion", SEAT_COMPANION},
    {"동반", SEAT_COMPANION},
    {"동반석", SEAT_COMPANION},
    {"동반자석", SEAT_COMPANION},
    {"보호자석", SEAT_COMPANION},
    {"withheld", SEAT_WITHHELD},
    {"blocked", SEAT_WITHHELD},
    {"hold", SEAT_WITHHELD},
    {"유보", SEAT_WITHHELD},
    {"유보석", SEAT_WITHHELD},
    {"홀드", SEAT_WITHHELD},
    {"판매제외", SEAT_WITHHELD},
    {"gap", SEAT_KIND_OTHER},
    {"aisle", SEAT_KIND_OTHER},
    {"통로", SEAT_KIND_OTHER},
    {"빈칸", SEAT_KIND_OTHER},
};

static bool
read_kind(const struct reading *reading, enum seat_kind *kind)
{
    char word[HALL_WORD_SIZE];
    const char *text = cell(reading, HALL_COLUMN_KIND);
    bool has_partner = *cell(reading, HALL_COLUMN_COMPANION_OF) != '\0';
    *kind = has_partner ? SEAT_COMPANION : SEAT_PLAIN;
    if (*text == '\0')
        return true;
    text_fold(text, word, sizeof word);
    for (size_t i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++)
        if (strcmp(word, kind_words[i].word) == 0) {
            *kind = kind_words[i].kind;
            return !has_partner || *kind == SEAT_COMPANION ||
                   refuse_cell(reading, HALL_COLUMN_COMPANION_OF, HALL_NOT_A_COMPANION);
        }
    refuse_cell(reading, HALL_COLUMN_KIND, HALL_BAD_KIND);
    hall_fault_word(&reading->refusal->fault, "text", text);
    return false;
}

/* ---- seats ---- */

/* Seats of one row that stand beside one another in the file do so in the hall, but for a gap. */
static bool
is_same_row(const struct hall_seat *a, const struct hall_seat *b)
{
    return a->section == b->section && a->row == b->row;
}

static bool
add_seat(struct hall_plan *plan, const struct reading *reading, const struct hall_seat *seat)
{
    if (plan->count == HALL_SEATS_MAX) {
        refuse_cell(reading, HALL_COLUMN_COUNT, HALL_TOO_MANY_SEATS);
        hall_fault_number(&reading->refusal->fault, "max", HALL_SEATS_MAX);
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

/* The seats from..to, in either direction; those behind the first one stand beside it, one further
 * each. */
static bool
add_range(struct hall_plan *plan, const struct reading *reading, struct hall_seat *seat)
{
    int64_t from, to;
    if (!read_count(reading, HALL_COLUMN_FROM, 0, INT32_MAX, &from) ||
        !read_count(reading, HALL_COLUMN_TO, 0, INT32_MAX, &to))
        return false;
    int64_t step = to < from ? -1 : 1;
    for (int64_t number = from;; number += step) {
        char label[24];
        snprintf(label, sizeof label, "%lld", (long long)number);
        seat->label = keep_text(plan, label);
        if (seat->position.x > HALL_POSITION_MAX)
            return refuse_number(reading, HALL_COLUMN_X, -HALL_POSITION_MAX, HALL_POSITION_MAX);
        if (!add_seat(plan, reading, seat))
            return false;
        if (number == to)
            return true;
        seat->position.x += seat->position.has_x;
    }
}

/* An empty seat is a gap, whatever else its line has. */
static bool
is_gap(const struct reading *reading, enum seat_kind kind)
{
    return kind == SEAT_KIND_OTHER ||
           (*cell(reading, HALL_COLUMN_LABEL) == '\0' && *cell(reading, HALL_COLUMN_FROM) == '\0' &&
            *cell(reading, HALL_COLUMN_TO) == '\0');
}

bool
hall_plan_add(struct hall_plan *plan, const struct hall_record *record,
              struct hall_refusal *refusal)
{
    const struct reading reading = {record, refusal};
    struct hall_seat seat = {.partner = -1, .origin = record->origin};
    struct seat_position *position = &seat.position;
    if (!read_kind(&reading, &seat.kind))
        return false;
    if (is_gap(&reading, seat.kind)) {
        hall_plan_add_gap(plan);
        return true;
    }
    if (!read_text(plan, &reading, HALL_COLUMN_SECTION, SECTION_CHARACTERS, default_section,
                   &seat.section) ||
        !read_text(plan, &reading, HALL_COLUMN_ROW, SECTION_CHARACTERS, default_row, &seat.row) ||
        !read_text(plan, &reading, HALL_COLUMN_CATEGORY, CATEGORY_CHARACTERS, "", &seat.category) ||
        !read_text(plan, &reading, HALL_COLUMN_NOTE, NOTE_CHARACTERS, "", &seat.note) ||
        !read_text(plan, &reading, HALL_COLUMN_COMPANION_OF, LABEL_CHARACTERS, "",
                   &seat.companion_of) ||
        !read_text(plan, &reading, HALL_COLUMN_LABEL, LABEL_CHARACTERS, "", &seat.label) ||
        !read_price(&reading, &seat.price) ||
        !read_coordinate(&reading, HALL_COLUMN_X, &position->x, &position->has_x) ||
        !read_coordinate(&reading, HALL_COLUMN_Y, &position->y, &position->has_y))
        return false;
    return *seat.label != '\0' ? add_seat(plan, &reading, &seat) : add_range(plan, &reading, &seat);
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

static bool
refuse_seat(struct hall_refusal *refusal, const struct hall_seat *seat, enum hall_column column,
            enum hall_fault_code code)
{
    refusal->column = column;
    hall_fault_set(&refusal->fault, code);
    refusal->fault.line = seat->origin;
    return false;
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
        if (!has_position(&plan->seats[i]))
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
    bool sound = check_names(plan, by_name, refusal) && pair_companions(plan, by_name, refusal);
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
