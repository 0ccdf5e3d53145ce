#include "domain/hall/hall_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* A record while it is read. */
struct cells {
    const struct hall_record *record;
    struct hall_refusal *refusal;
};

static bool
refuse_cell(const struct cells *cells, enum hall_column column, enum hall_fault_code code)
{
    cells->refusal->column = column;
    hall_fault_set(&cells->refusal->fault, code);
    cells->refusal->fault.line = cells->record->origin;
    if (column != HALL_COLUMN_COUNT)
        hall_fault_word(&cells->refusal->fault, "column", hall_column_name(column));
    return false;
}

static const char *
cell(const struct cells *cells, enum hall_column column)
{
    const char *text = cells->record->cells[column];
    return text != NULL ? text : "";
}

/* A text of up to `max` characters; where the file has no such column, the default. */
static bool
read_text(const struct cells *cells, enum hall_column column, size_t max, const char *default_text,
          const char **text)
{
    const char *found = cells->record->cells[column];
    if (found == NULL || (*found == '\0' && *default_text == '\0'))
        found = default_text;
    else if (*found == '\0')
        return refuse_cell(cells, column, HALL_EMPTY_CELL);
    if (text_has_control_character(found))
        return refuse_cell(cells, column, HALL_CONTROL_CHARACTER);
    if (text_count_characters(found) > max) {
        refuse_cell(cells, column, HALL_TOO_LONG);
        hall_fault_number(&cells->refusal->fault, "max", (int64_t)max);
        return false;
    }
    *text = found;
    return true;
}

static bool
refuse_number(const struct cells *cells, enum hall_column column, int64_t min, int64_t max)
{
    refuse_cell(cells, column, HALL_BAD_NUMBER);
    hall_fault_number(&cells->refusal->fault, "min", min);
    hall_fault_number(&cells->refusal->fault, "max", max);
    hall_fault_word(&cells->refusal->fault, "text", cell(cells, column));
    return false;
}

/* Digits alone. */
static bool
read_count(const struct cells *cells, enum hall_column column, int64_t min, int64_t max,
           int64_t *number)
{
    const char *text = cell(cells, column);
    size_t digits = strspn(text, "0123456789");
    *number = digits > 0 && digits <= 18 && text[digits] == '\0' ? strtoll(text, NULL, 10) : -1;
    return (*number >= min && *number <= max) || refuse_number(cells, column, min, max);
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
static const char *
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
    return text_trim(text);
}

/* "120000", "120,000", "₩120,000", "120,000 원"; nothing: -1. */
static bool
read_price(const struct cells *cells, int64_t *price)
{
    char text[64];
    const char *found = cell(cells, HALL_COLUMN_PRICE);
    *price = -1;
    if (*found == '\0')
        return true;
    const char *number = text_copy(text, sizeof text, found) ? cut_currency(text) : "";
    if (is_grouped(number) && strlen(number) <= 18)
        for (*price = 0; *number != '\0'; number++)
            *price = *number != ',' ? *price * 10 + (*number - '0') : *price;
    return (*price >= 0 && *price <= PRICE_MAX) ||
           refuse_number(cells, HALL_COLUMN_PRICE, 0, PRICE_MAX);
}

/* A coordinate is rounded; nothing: it is not known. */
static bool
read_coordinate(const struct cells *cells, enum hall_column column, int32_t *value, bool *known)
{
    const char *text = cell(cells, column);
    char *end;
    *known = *text != '\0';
    if (!*known)
        return true;
    double number = strtod(text, &end);
    if (text[strspn(text, "-.0123456789")] != '\0' || *end != '\0' ||
        fabs(number) > HALL_POSITION_MAX)
        return refuse_number(cells, column, -HALL_POSITION_MAX, HALL_POSITION_MAX);
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
    {"standing", SEAT_STANDING},
    {"standingroom", SEAT_STANDING},
    {"스탠딩", SEAT_STANDING},
    {"스탠딩석", SEAT_STANDING},
    {"입석", SEAT_STANDING},
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
read_kind(const struct cells *cells, enum seat_kind *kind)
{
    char word[HALL_WORD_SIZE];
    const char *text = cell(cells, HALL_COLUMN_KIND);
    bool has_partner = *cell(cells, HALL_COLUMN_COMPANION_OF) != '\0';
    *kind = has_partner ? SEAT_COMPANION : SEAT_PLAIN;
    if (*text == '\0')
        return true;
    text_fold(text, word, sizeof word);
    for (size_t i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++)
        if (strcmp(word, kind_words[i].word) == 0) {
            *kind = kind_words[i].kind;
            return !has_partner || *kind == SEAT_COMPANION ||
                   refuse_cell(cells, HALL_COLUMN_COMPANION_OF, HALL_NOT_A_COMPANION);
        }
    refuse_cell(cells, HALL_COLUMN_KIND, HALL_BAD_KIND);
    hall_fault_word(&cells->refusal->fault, "text", text);
    return false;
}

/* ---- the whole ---- */

/* An empty seat is a gap, whatever else its line has. */
static bool
is_gap(const struct cells *cells, enum seat_kind kind)
{
    return kind == SEAT_KIND_OTHER ||
           (*cell(cells, HALL_COLUMN_LABEL) == '\0' && *cell(cells, HALL_COLUMN_FROM) == '\0' &&
            *cell(cells, HALL_COLUMN_TO) == '\0');
}

/* What a place of a standing area does not have. */
static bool
check_standing(const struct cells *cells)
{
    static const enum hall_column columns[] = {HALL_COLUMN_ROW, HALL_COLUMN_NOTE, HALL_COLUMN_X,
                                               HALL_COLUMN_Y};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (*cell(cells, columns[i]) != '\0')
            return refuse_cell(cells, columns[i], HALL_STANDING_PLACE);
    return true;
}

static bool
read_row(const struct cells *cells, struct hall_seat *seat)
{
    seat->row = "";
    if (seat->kind == SEAT_STANDING)
        return check_standing(cells);
    return read_text(cells, HALL_COLUMN_ROW, SECTION_CHARACTERS, default_row, &seat->row);
}

static bool
read_texts(const struct cells *cells, struct hall_seat *seat)
{
    return read_text(cells, HALL_COLUMN_SECTION, SECTION_CHARACTERS, default_section,
                     &seat->section) &&
           read_row(cells, seat) &&
           read_text(cells, HALL_COLUMN_CATEGORY, CATEGORY_CHARACTERS, "", &seat->category) &&
           read_text(cells, HALL_COLUMN_NOTE, NOTE_CHARACTERS, "", &seat->note) &&
           read_text(cells, HALL_COLUMN_COMPANION_OF, LABEL_CHARACTERS, "", &seat->companion_of) &&
           read_text(cells, HALL_COLUMN_LABEL, LABEL_CHARACTERS, "", &seat->label);
}

static bool
read_range(const struct cells *cells, struct hall_reading *range)
{
    const struct seat_position *position = &range->seat.position;
    if (!read_count(cells, HALL_COLUMN_FROM, 0, INT32_MAX, &range->from) ||
        !read_count(cells, HALL_COLUMN_TO, 0, INT32_MAX, &range->to))
        return false;
    int64_t further = llabs(range->to - range->from);
    return !position->has_x || position->x + further <= HALL_POSITION_MAX ||
           refuse_number(cells, HALL_COLUMN_X, -HALL_POSITION_MAX, HALL_POSITION_MAX - further);
}

bool
hall_record_read(const struct hall_record *record, struct hall_reading *reading,
                 struct hall_refusal *refusal)
{
    const struct cells cells = {record, refusal};
    struct hall_seat *seat = &reading->seat;
    struct seat_position *position = &seat->position;
    *reading = (struct hall_reading){.seat = {.partner = -1, .origin = record->origin}};
    if (!read_kind(&cells, &seat->kind))
        return false;
    reading->is_gap = is_gap(&cells, seat->kind);
    if (reading->is_gap)
        return true;
    if (!read_texts(&cells, seat) || !read_price(&cells, &seat->price) ||
        !read_coordinate(&cells, HALL_COLUMN_X, &position->x, &position->has_x) ||
        !read_coordinate(&cells, HALL_COLUMN_Y, &position->y, &position->has_y))
        return false;
    reading->is_range = *seat->label == '\0';
    return !reading->is_range || read_range(&cells, reading);
}
