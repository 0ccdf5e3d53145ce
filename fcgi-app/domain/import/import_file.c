#include "domain/import/import_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mix.h"
#include "base/text.h"
#include "mysql/organiser/import_table.h"

enum { FIRST_CAPACITY = 1024 };

static const char *const column_names[IMPORT_COLUMN_COUNT] = {
#define IMPORT_COLUMN(name, text) [IMPORT_##name] = (text),
    IMPORT_COLUMNS(IMPORT_COLUMN)
#undef IMPORT_COLUMN
};

/* What the first line of a file may call a column, as text_fold() leaves it. */
static const struct {
    const char *word;
    enum import_column column;
} header_words[] = {
    {"ref", IMPORT_REF},        {"reference", IMPORT_REF},    {"reservationid", IMPORT_REF},
    {"order", IMPORT_REF},      {"ordercode", IMPORT_REF},    {"orderid", IMPORT_REF},
    {"주문번호", IMPORT_REF},   {"예매번호", IMPORT_REF},     {"itemid", IMPORT_ITEM},
    {"date", IMPORT_DATE},      {"eventdate", IMPORT_DATE},   {"공연일", IMPORT_DATE},
    {"날짜", IMPORT_DATE},      {"section", IMPORT_SECTION},  {"zone", IMPORT_SECTION},
    {"area", IMPORT_SECTION},   {"seatzone", IMPORT_SECTION}, {"구역", IMPORT_SECTION},
    {"블록", IMPORT_SECTION},   {"row", IMPORT_ROW},          {"rowname", IMPORT_ROW},
    {"seatrow", IMPORT_ROW},    {"열", IMPORT_ROW},           {"label", IMPORT_LABEL},
    {"seat", IMPORT_LABEL},     {"seatnumber", IMPORT_LABEL}, {"좌석", IMPORT_LABEL},
    {"좌석번호", IMPORT_LABEL}, {"seatid", IMPORT_SEAT},      {"userid", IMPORT_USER},
    {"user", IMPORT_USER},      {"buyer", IMPORT_USER},       {"email", IMPORT_USER},
    {"아이디", IMPORT_USER},    {"구매자", IMPORT_USER},      {"이메일", IMPORT_USER},
    {"price", IMPORT_AMOUNT},   {"amount", IMPORT_AMOUNT},    {"balance", IMPORT_AMOUNT},
    {"points", IMPORT_AMOUNT},  {"가격", IMPORT_AMOUNT},      {"금액", IMPORT_AMOUNT},
    {"잔액", IMPORT_AMOUNT},    {"포인트", IMPORT_AMOUNT},    {"method", IMPORT_METHOD},
    {"status", IMPORT_STATUS},  {"상태", IMPORT_STATUS},      {"paidat", IMPORT_PAID_AT},
    {"startdate", IMPORT_DATE}, {"paidprice", IMPORT_AMOUNT}, {"결제일시", IMPORT_PAID_AT},
};

static enum import_column
find_column(const char *header)
{
    char word[64];
    text_fold(header, word, sizeof word);
    for (size_t i = 0; i < sizeof header_words / sizeof header_words[0]; i++)
        if (strcmp(word, header_words[i].word) == 0)
            return header_words[i].column;
    return IMPORT_COLUMN_COUNT;
}

/* ---- what is wrong ---- */

static void __attribute__((format(printf, 4, 0)))
tell(struct import_file *file, int64_t line, int64_t column, const char *format, va_list arguments)
{
    char text[IMPORT_FAULT_SIZE];
    vsnprintf(text, sizeof text, format, arguments);
    text_drop_halves(text);
    file->fault_count++;
    file->tell(line, column, text);
}

/* Of a cell, numbered from 1, or of none: 0. */
static bool __attribute__((format(printf, 3, 4)))
refuse_cell(struct import_file *file, size_t cell, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(file, file->row.line, (int64_t)cell, format, arguments);
    va_end(arguments);
    return false;
}

void
import_file_fault(struct import_file *file, enum import_column column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(file, file->row.line, file->columns[column] + 1, format, arguments);
    va_end(arguments);
}

void
import_file_fault_at(struct import_file *file, int64_t line, enum import_column column,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(file, line, file->columns[column] + 1, format, arguments);
    va_end(arguments);
}

/* ---- lines ---- */

static bool
refuse_line(struct import_file *file, enum csv_result result)
{
    switch (result) {
    case CSV_UNREADABLE:
        return refuse_cell(file, 0, "%s", strerror(errno));
    case CSV_SPREADSHEET:
        return refuse_cell(
            file, 0,
            "This is the file of a spreadsheet. Open it there, choose Save As, and the "
            "type CSV (in Excel: CSV UTF-8)");
    case CSV_NOT_TEXT:
        return refuse_cell(file, 0, "From here on the bytes are no text in UTF-8, UTF-16 or CP949");
    case CSV_LONG_LINE:
        return refuse_cell(file, 0, "A line may have %d bytes: is a quote not closed?",
                           CSV_LINE_MAX);
    case CSV_OPEN_QUOTE:
        return refuse_cell(file, file->row.count, "The quote that begins here is not closed");
    case CSV_TEXT_AFTER_QUOTE:
        return refuse_cell(file, file->row.count,
                           "There is a text behind the quote that ends the cell");
    case CSV_ROW:
    case CSV_END:
        break;
    }
    return false;
}

/* With trimmed cells. False: there is none, or it was told why not. */
static bool
read_row(struct import_file *file)
{
    struct csv_row *row = &file->row;
    enum csv_result result = csv_file_next(&file->csv, row);
    if (result != CSV_ROW)
        return refuse_line(file, result);
    if (row->count > CSV_CELLS_MAX)
        return refuse_cell(file, CSV_CELLS_MAX + 1, "A line may have %d cells", CSV_CELLS_MAX);
    for (size_t i = 0; i < row->count; i++)
        row->cells[i] = csv_text(text_trim(row->cells[i]));
    return true;
}

bool
import_file_next(struct import_file *file)
{
    do {
        if (!read_row(file))
            return false;
    } while (!csv_row_has_text(&file->row));
    file->read_count++;
    for (size_t i = file->header_count; i < file->row.count; i++)
        if (*file->row.cells[i] != '\0')
            refuse_cell(file, i + 1, "This cell has no column: the first line has %zu",
                        file->header_count);
    return true;
}

const char *
import_file_cell(const struct import_file *file, enum import_column column)
{
    int cell = file->columns[column];
    return cell >= 0 && (size_t)cell < file->row.count ? file->row.cells[cell] : "";
}

/* ---- the first line ---- */

static bool
read_headers(struct import_file *file)
{
    const struct csv_row *row = &file->row;
    do {
        if (!read_row(file))
            return file->fault_count == 0 ? refuse_cell(file, 0, "There is nothing in it") : false;
    } while (!csv_row_has_text(row));
    file->header_count = row->count;
    for (size_t i = 0; i < row->count; i++) {
        enum import_column column = find_column(row->cells[i]);
        bool is_known = column != IMPORT_COLUMN_COUNT;
        if (is_known && file->columns[column] >= 0)
            return refuse_cell(file, i + 1, "%s and %s both stand for %s",
                               row->cells[file->columns[column]], row->cells[i],
                               column_names[column]);
        if (is_known)
            file->columns[column] = (int)i;
        buffer_format(&file->meaning, "%s%s = %s", i > 0 ? ", " : "", row->cells[i],
                      is_known ? column_names[column] : "nothing");
    }
    return true;
}

bool
import_file_has(struct import_file *file, enum import_column column, enum import_column other)
{
    if (file->columns[column] >= 0 || file->columns[other] >= 0)
        return true;
    return refuse_cell(file, 0, "The first line must name the columns; there is none for %s",
                       column_names[column]);
}

bool
import_file_open(struct import_file *file, const char *path,
                 void (*teller)(int64_t line, int64_t column, const char *text))
{
    *file = (struct import_file){.tell = teller};
    for (int i = 0; i < IMPORT_COLUMN_COUNT; i++)
        file->columns[i] = -1;
    enum csv_result result = csv_file_open(&file->csv, path);
    return result == CSV_ROW ? read_headers(file) : refuse_line(file, result);
}

void
import_file_close(struct import_file *file)
{
    csv_file_close(&file->csv);
    buffer_free(&file->meaning);
    free(file->names.slots);
}

/* ---- cells ---- */

/* Whether it is how a price ends that is a whole number: nothing, or ".00". */
static bool
is_nothing(const char *fraction)
{
    return *fraction == '\0' || (fraction[0] == '.' && fraction[1] == '0' &&
                                 fraction[1 + strspn(fraction + 1, "0")] == '\0');
}

bool
import_file_amount(struct import_file *file, int64_t max, int64_t *amount)
{
    const char *text = import_file_cell(file, IMPORT_AMOUNT);
    size_t digits = strspn(text, "0123456789");
    *amount =
        digits > 0 && digits <= 18 && is_nothing(text + digits) ? strtoll(text, NULL, 10) : -1;
    if (*amount >= 0 && *amount <= max)
        return true;
    import_file_fault(file, IMPORT_AMOUNT,
                      "This must be a whole number from 0 to %" PRId64 ", and is %.100s", max,
                      *text != '\0' ? text : "empty");
    return false;
}

const char *
import_file_user(struct import_file *file)
{
    const char *user = import_file_cell(file, IMPORT_USER);
    if (is_user_id(user))
        return user;
    import_file_fault(file, IMPORT_USER,
                      "%.150s is no userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -",
                      *user != '\0' ? user : "Nothing");
    return "";
}

bool
import_file_reference(struct import_file *file, const char **reference)
{
    *reference = import_file_cell(file, IMPORT_REF);
    if (text_count_characters(*reference) <= REFERENCE_CHARACTERS &&
        !text_has_control_character(*reference))
        return true;
    import_file_fault(file, IMPORT_REF, "ref may have %d characters, none of them a control one",
                      REFERENCE_CHARACTERS);
    return false;
}

/* FNV-1a of 64 bits. Of a million names two are taken for one another once in 30 million files. */
static uint64_t
hash_name(const char *name, const char *rest)
{
    const char *const parts[] = {name, rest};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 2; i++) {
        for (const char *at = parts[i]; *at != '\0'; at++)
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
        hash *= UINT64_C(0x100000001b3); /* the end of a part */
    }
    hash = mix(hash);
    return hash != 0 ? hash : 1;
}

/* Where a hash stands, or may be written. */
static uint64_t *
find_slot(const struct import_names *names, uint64_t hash)
{
    size_t at = hash & (names->capacity - 1);
    while (names->slots[at] != 0 && names->slots[at] != hash)
        at = (at + 1) & (names->capacity - 1);
    return &names->slots[at];
}

static void
grow(struct import_names *names)
{
    const struct import_names old = *names;
    names->capacity = old.capacity > 0 ? 2 * old.capacity : FIRST_CAPACITY;
    names->slots = calloc(names->capacity, sizeof names->slots[0]);
    if (names->slots == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i] != 0)
            *find_slot(names, old.slots[i]) = old.slots[i];
    free(old.slots);
}

bool
import_file_is_new(struct import_file *file, const char *name, const char *rest)
{
    struct import_names *names = &file->names;
    uint64_t hash = hash_name(name, rest);
    if (2 * names->count >= names->capacity)
        grow(names);
    uint64_t *slot = find_slot(names, hash);
    if (*slot == hash)
        return false;
    *slot = hash;
    names->count++;
    return true;
}
