#include "domain/hall/hall_csv.h"

#include <string.h>

#include "base/text.h"

/* What the first line of a file may call a column, as text_fold() leaves it. */
static const struct {
    const char *word;
    enum hall_column column;
} header_words[] = {
    {"section", HALL_COLUMN_SECTION},
    {"zone", HALL_COLUMN_SECTION},
    {"area", HALL_COLUMN_SECTION},
    {"구역", HALL_COLUMN_SECTION},
    {"블록", HALL_COLUMN_SECTION},
    {"블럭", HALL_COLUMN_SECTION},
    {"존", HALL_COLUMN_SECTION},
    {"row", HALL_COLUMN_ROW},
    {"rowname", HALL_COLUMN_ROW},
    {"열", HALL_COLUMN_ROW},
    {"행", HALL_COLUMN_ROW},
    {"줄", HALL_COLUMN_ROW},
    {"label", HALL_COLUMN_LABEL},
    {"seat", HALL_COLUMN_LABEL},
    {"seatnumber", HALL_COLUMN_LABEL},
    {"seatno", HALL_COLUMN_LABEL},
    {"number", HALL_COLUMN_LABEL},
    {"no", HALL_COLUMN_LABEL},
    {"번호", HALL_COLUMN_LABEL},
    {"좌석", HALL_COLUMN_LABEL},
    {"좌석번호", HALL_COLUMN_LABEL},
    {"from", HALL_COLUMN_FROM},
    {"first", HALL_COLUMN_FROM},
    {"부터", HALL_COLUMN_FROM},
    {"시작", HALL_COLUMN_FROM},
    {"시작번호", HALL_COLUMN_FROM},
    {"to", HALL_COLUMN_TO},
    {"last", HALL_COLUMN_TO},
    {"까지", HALL_COLUMN_TO},
    {"끝", HALL_COLUMN_TO},
    {"끝번호", HALL_COLUMN_TO},
    {"kind", HALL_COLUMN_KIND},
    {"type", HALL_COLUMN_KIND},
    {"종류", HALL_COLUMN_KIND},
    {"유형", HALL_COLUMN_KIND},
    {"구분", HALL_COLUMN_KIND},
    {"category", HALL_COLUMN_CATEGORY},
    {"grade", HALL_COLUMN_CATEGORY},
    {"tier", HALL_COLUMN_CATEGORY},
    {"등급", HALL_COLUMN_CATEGORY},
    {"좌석등급", HALL_COLUMN_CATEGORY},
    {"price", HALL_COLUMN_PRICE},
    {"가격", HALL_COLUMN_PRICE},
    {"금액", HALL_COLUMN_PRICE},
    {"요금", HALL_COLUMN_PRICE},
    {"note", HALL_COLUMN_NOTE},
    {"notes", HALL_COLUMN_NOTE},
    {"remark", HALL_COLUMN_NOTE},
    {"remarks", HALL_COLUMN_NOTE},
    {"비고", HALL_COLUMN_NOTE},
    {"메모", HALL_COLUMN_NOTE},
    {"x", HALL_COLUMN_X},
    {"x좌표", HALL_COLUMN_X},
    {"y", HALL_COLUMN_Y},
    {"y좌표", HALL_COLUMN_Y},
    {"companionof", HALL_COLUMN_COMPANION_OF},
    {"동반대상", HALL_COLUMN_COMPANION_OF},
    {"휠체어좌석", HALL_COLUMN_COMPANION_OF},
};

static enum hall_column
find_column(const char *header)
{
    char word[64];
    text_fold(header, word, sizeof word);
    for (size_t i = 0; i < sizeof header_words / sizeof header_words[0]; i++)
        if (strcmp(word, header_words[i].word) == 0)
            return header_words[i].column;
    return HALL_COLUMN_COUNT;
}

/* ---- lines ---- */

static bool
refuse_cell(const struct csv_row *row, size_t cell, struct hall_fault *fault,
            enum hall_fault_code code)
{
    hall_fault_set(fault, code);
    fault->line = row->line;
    fault->column = (int64_t)cell + 1;
    return false;
}

/* Reads a line with trimmed cells; without any behind the last one: false, and the fault is
 * HALL_SOUND. */
static bool
next_row(struct csv *csv, struct csv_row *row, struct hall_fault *fault)
{
    enum csv_result result = csv_next(csv, row);
    hall_fault_set(fault, HALL_SOUND);
    if (result == CSV_END)
        return false;
    if (result != CSV_ROW)
        return refuse_cell(row, row->count - 1, fault,
                           result == CSV_OPEN_QUOTE ? HALL_OPEN_QUOTE : HALL_TEXT_AFTER_QUOTE);
    if (row->count > CSV_CELLS_MAX) {
        refuse_cell(row, CSV_CELLS_MAX, fault, HALL_TOO_MANY_COLUMNS);
        hall_fault_number(fault, "max", CSV_CELLS_MAX);
        return false;
    }
    for (size_t i = 0; i < row->count; i++)
        row->cells[i] = csv_text(text_trim(row->cells[i]));
    return true;
}

/* ---- the first line ---- */

static bool
refuse_header(const struct hall_csv *csv, const struct csv_row *row, size_t cell, size_t other,
              struct hall_fault *fault)
{
    refuse_cell(row, cell, fault, HALL_SAME_COLUMN);
    hall_fault_word(fault, "header", csv->headers[cell]);
    hall_fault_word(fault, "other", csv->headers[other]);
    hall_fault_word(fault, "column", hall_column_name(csv->columns[cell]));
    return false;
}

/* Each seat needs a label, of its own or of a range. */
static bool
check_needed(const bool has[HALL_COLUMN_COUNT + 1], const struct csv_row *row,
             struct hall_fault *fault)
{
    bool has_range = has[HALL_COLUMN_FROM] || has[HALL_COLUMN_TO];
    enum hall_column missing = HALL_COLUMN_COUNT;
    if (has_range && !has[HALL_COLUMN_FROM])
        missing = HALL_COLUMN_FROM;
    else if (has_range && !has[HALL_COLUMN_TO])
        missing = HALL_COLUMN_TO;
    else if (!has_range && !has[HALL_COLUMN_LABEL])
        missing = HALL_COLUMN_LABEL;
    if (missing == HALL_COLUMN_COUNT)
        return true;
    refuse_cell(row, 0, fault, HALL_NO_COLUMN);
    hall_fault_word(fault, "column", hall_column_name(missing));
    return false;
}

/* The first line with a text in it. */
static bool
read_headers(struct csv *reader, struct hall_csv *csv, struct hall_fault *fault)
{
    bool has[HALL_COLUMN_COUNT + 1] = {false};
    struct csv_row row;
    do {
        if (!next_row(reader, &row, fault))
            return fault->code == HALL_SOUND ? hall_fault_set(fault, HALL_NO_SEATS) : false;
    } while (!csv_row_has_text(&row));
    csv->header_count = row.count;
    for (size_t i = 0; i < row.count; i++) {
        enum hall_column column = find_column(row.cells[i]);
        csv->headers[i] = row.cells[i];
        csv->columns[i] = column;
        for (size_t other = 0; other < i && column != HALL_COLUMN_COUNT; other++)
            if (csv->columns[other] == column)
                return refuse_header(csv, &row, i, other, fault);
        has[column] = true;
    }
    return check_needed(has, &row, fault);
}

/* ---- the seats ---- */

/* Says which cell the plan does not take. */
static bool
place_fault(const struct hall_csv *csv, const struct hall_refusal *refusal,
            struct hall_fault *fault)
{
    *fault = refusal->fault;
    for (size_t i = 0; i < csv->header_count; i++)
        if (refusal->column != HALL_COLUMN_COUNT && csv->columns[i] == refusal->column)
            fault->column = (int64_t)i + 1;
    return false;
}

/* A line without a seat is told as what it is: a gap. */
static bool
add_row(struct hall_plan *plan, const struct hall_csv *csv, const struct csv_row *row,
        struct hall_fault *fault)
{
    struct hall_record record = {.origin = (int32_t)row->line};
    struct hall_refusal refusal = {.column = HALL_COLUMN_COUNT};
    for (size_t i = 0; i < row->count; i++) {
        if (i < csv->header_count && csv->columns[i] != HALL_COLUMN_COUNT)
            record.cells[csv->columns[i]] = row->cells[i];
        else if (i >= csv->header_count && *row->cells[i] != '\0') {
            refuse_cell(row, i, fault, HALL_EXTRA_CELL);
            hall_fault_number(fault, "count", (int64_t)csv->header_count);
            return false;
        }
    }
    /* a short line has its last cells empty */
    for (size_t i = row->count; i < csv->header_count; i++)
        if (csv->columns[i] != HALL_COLUMN_COUNT)
            record.cells[csv->columns[i]] = "";
    return hall_plan_add(plan, &record, &refusal) || place_fault(csv, &refusal, fault);
}

bool
hall_csv_read(char *text, size_t length, struct hall_plan *plan, struct hall_csv *csv,
              struct hall_fault *fault)
{
    struct csv reader = csv_reader(text, length);
    struct csv_row row;
    struct hall_refusal refusal = {.column = HALL_COLUMN_COUNT};
    *csv = (struct hall_csv){.delimiter = reader.delimiter};
    if (!read_headers(&reader, csv, fault))
        return false;
    while (next_row(&reader, &row, fault))
        if (!csv_row_has_text(&row))
            hall_plan_add_gap(plan);
        else if (!add_row(plan, csv, &row, fault))
            return false;
    if (fault->code != HALL_SOUND)
        return false;
    return hall_plan_finish(plan, &refusal) || place_fault(csv, &refusal, fault);
}

/* ---- writing ---- */

/* The columns that we write, in their order; prices and coordinates are numbers. */
static const enum hall_column written[] = {
    HALL_COLUMN_SECTION,  HALL_COLUMN_ROW,          HALL_COLUMN_LABEL, HALL_COLUMN_KIND,
    HALL_COLUMN_CATEGORY, HALL_COLUMN_PRICE,        HALL_COLUMN_NOTE,  HALL_COLUMN_X,
    HALL_COLUMN_Y,        HALL_COLUMN_COMPANION_OF,
};

static void
write_number(struct buffer *out, bool known, int64_t number)
{
    if (known)
        buffer_format(out, "%lld", (long long)number);
    buffer_text(out, ",");
}

static void
write_text(struct buffer *out, const char *text)
{
    csv_write_text(out, text);
    buffer_text(out, ",");
}

static void
write_seat(const struct hall_plan *plan, const struct hall_seat *seat, struct buffer *out)
{
    const struct seat_position *position = &seat->position;
    bool is_companion = seat->kind == SEAT_COMPANION;
    if (seat->follows_gap)
        buffer_text(out, ",,,gap,,,,,,\r\n");
    write_text(out, seat->section);
    write_text(out, seat->row);
    write_text(out, seat->label);
    buffer_format(out, "%s,", seat->kind == SEAT_PLAIN ? "" : seat_kind_name(seat->kind));
    write_text(out, seat->category);
    write_number(out, seat->price >= 0, seat->price);
    write_text(out, seat->note);
    write_number(out, position->has_x, position->x);
    write_number(out, position->has_y, position->y);
    csv_write_text(out, is_companion ? plan->seats[seat->partner].label : "");
    buffer_text(out, "\r\n");
}

void
hall_csv_write(const struct hall_plan *plan, struct buffer *out)
{
    const char *separator = BYTE_ORDER_MARK;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++, separator = ",")
        buffer_format(out, "%s%s", separator, hall_column_name(written[i]));
    buffer_text(out, "\r\n");
    for (size_t i = 0; i < plan->count; i++)
        write_seat(plan, &plan->seats[i], out);
}
