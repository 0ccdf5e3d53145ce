/*
 * fuzz_import: a file of another shop, as it is read to import it. Whatever encoding it has, and
 * wherever a block of it ends, its lines are those of the whole text; what is wrong is told in
 * UTF-8. The first byte puts other lines in front, so that the end of a block falls into the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/import/import_file.h"
#include "fuzz.h"
#include "mysql/sale/seat_table.h"

enum { BLOCK = 1 << 16, FRONT_LINE = 1 << 10 /* divides a block */ };

/* The bytes of the file: lines of "front,front...", and what the fuzzer has made. */
static struct buffer
make_file(const uint8_t *data, size_t size)
{
    struct buffer bytes = {0};
    size_t front = data[0] > 0 ? (size_t)(BLOCK - data[0]) : 0;
    for (size_t i = 0; i < front; i++) {
        bool ends = i % FRONT_LINE == FRONT_LINE - 1 || i == front - 1;
        buffer_append(&bytes, ends ? "\n" : i % 6 == 5 ? "," : "f", 1);
    }
    buffer_append(&bytes, (const char *)data + 1, size - 1);
    return bytes;
}

/* All of it in UTF-8. False: it is not of this encoding as a whole. */
static bool
decode(const struct buffer *bytes, const char *encoding, struct buffer *text)
{
    size_t left = bytes->length, room = 2 * left + 4, free_room = room;
    char *from = bytes->data, *to = buffer_reserve(text, room);
    iconv_t converter = iconv_open("UTF-8", encoding);
    bool whole = iconv(converter, &from, &left, &to, &free_room) != (size_t)-1;
    iconv_close(converter);
    text->length = room - free_room;
    text->data[text->length] = '\0';
    return whole && text_utf8_length(text->data) == text->length;
}

static void
require_same_row(const struct csv_row *row, const struct csv_row *wanted)
{
    REQUIRE(row->count == wanted->count && row->line == wanted->line);
    for (size_t i = 0; i < row->count && i < CSV_CELLS_MAX; i++)
        REQUIRE(strcmp(row->cells[i], wanted->cells[i]) == 0);
}

/* Up to a line that is too long for a file, or to what is no text. */
static void
require_same_rows(struct csv_file *file, const struct buffer *bytes)
{
    struct buffer text = {0};
    struct csv_row row, wanted;
    bool is_text = decode(bytes, file->encoding, &text);
    size_t marks = 0;
    while (strncmp(text.data + marks, BYTE_ORDER_MARK, 3) == 0)
        marks += 3;
    struct csv whole = csv_reader(text.data + marks, text.length - marks);
    enum csv_result result = CSV_ROW;
    while (result == CSV_ROW) {
        size_t left = (size_t)(whole.end - whole.at);
        result = csv_file_next(file, &row);
        if (result == CSV_NOT_TEXT)
            REQUIRE(!is_text);
        if (result == CSV_LONG_LINE)
            REQUIRE(left > CSV_LINE_MAX);
        if (result == CSV_NOT_TEXT || result == CSV_LONG_LINE)
            break;
        if (whole.line == 1)
            whole.delimiter = file->csv.delimiter; /* which one block tells */
        REQUIRE(csv_next(&whole, &wanted) == result);
        if (result == CSV_ROW)
            require_same_row(&row, &wanted);
    }
    buffer_free(&text);
}

static void
require_told(int64_t line, int64_t column, const char *text)
{
    REQUIRE(line >= 0 && column >= 0);
    fuzz_require_text(text, IMPORT_FAULT_SIZE);
}

/* Reads it as balances are, and the references of orders. */
static void
import(const char *path)
{
    struct import_file file;
    bool is_open = import_file_open(&file, path, require_told);
    is_open = is_open && import_file_has(&file, IMPORT_USER, IMPORT_REF);
    while (is_open && import_file_next(&file)) {
        const char *reference, *user = import_file_user(&file);
        int64_t amount;
        REQUIRE(*user == '\0' || is_user_id(user));
        if (import_file_amount(&file, PRICE_MAX, &amount))
            REQUIRE(amount >= 0 && amount <= PRICE_MAX);
        if (import_file_reference(&file, &reference) && import_file_is_new(&file, user, reference))
            REQUIRE(!import_file_is_new(&file, user, reference));
        import_file_fault(&file, IMPORT_SECTION, "%.50s", import_file_cell(&file, IMPORT_SECTION));
    }
    import_file_close(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_file file;
    struct csv_file csv;
    if (size == 0)
        return 0;
    if (file.descriptor == 0)
        file = fuzz_file_create();
    struct buffer bytes = make_file(data, size);
    fuzz_file_write(&file, bytes.data, bytes.length);
    if (csv_file_open(&csv, file.path) == CSV_ROW)
        require_same_rows(&csv, &bytes);
    csv_file_close(&csv);
    import(file.path);
    buffer_free(&bytes);
    return 0;
}
