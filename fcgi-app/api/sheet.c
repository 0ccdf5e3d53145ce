#include "api/sheet.h"

#include "base/clock.h"
#include "base/csv.h"
#include "base/text.h"

void
sheet_begin_head(struct sheet *sheet)
{
    buffer_text(sheet->out, BYTE_ORDER_MARK);
    sheet_begin_row(sheet);
    sheet->is_head = true;
}

void
sheet_begin_row(struct sheet *sheet)
{
    sheet->is_head = sheet->has_cells = false;
    if (sheet->form == SHEET_CSV)
        return;
    sheet->json = json_writer(sheet->out);
    json_begin_object(&sheet->json, NULL);
}

void
sheet_end_row(struct sheet *sheet)
{
    if (sheet->form == SHEET_NDJSON)
        json_end_object(&sheet->json);
    buffer_text(sheet->out, sheet->form == SHEET_CSV ? "\r\n" : "\n");
}

/* Goes to the next cell of a CSV. True: its name is written, and no value. */
static bool
begin_cell(struct sheet *sheet, const char *name)
{
    if (sheet->has_cells)
        buffer_text(sheet->out, ",");
    sheet->has_cells = true;
    if (sheet->is_head)
        csv_write_text(sheet->out, name);
    return sheet->is_head;
}

void
sheet_optional_text(struct sheet *sheet, const char *name, bool known, const char *text)
{
    if (sheet->form == SHEET_NDJSON)
        json_write_string(&sheet->json, name, known ? text : NULL);
    else if (!begin_cell(sheet, name) && known)
        csv_write_text(sheet->out, text);
}

void
sheet_text(struct sheet *sheet, const char *name, const char *text)
{
    sheet_optional_text(sheet, name, true, text);
}

void
sheet_optional_integer(struct sheet *sheet, const char *name, bool known, int64_t value)
{
    if (sheet->form == SHEET_NDJSON)
        json_write_optional_integer(&sheet->json, name, known, value);
    else if (!begin_cell(sheet, name) && known)
        buffer_format(sheet->out, "%lld", (long long)value);
}

void
sheet_integer(struct sheet *sheet, const char *name, int64_t value)
{
    sheet_optional_integer(sheet, name, true, value);
}

void
sheet_instant(struct sheet *sheet, const char *name, int64_t instant)
{
    char text[CLOCK_TEXT_SIZE] = "";
    if (instant != CLOCK_NEVER)
        clock_format(instant, text);
    sheet_optional_text(sheet, name, instant != CLOCK_NEVER, text);
}
