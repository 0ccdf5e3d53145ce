/* GET /admin/concert/{concert}/export */
#include "api/export.h"

#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/sale/payment.h"

static void
write_seat(struct sheet *sheet, const struct seat *seat)
{
    sheet_integer(sheet, "seatId", seat->seat_id);
    sheet_text(sheet, "section", seat->section);
    sheet_text(sheet, "row", seat->row);
    sheet_text(sheet, "label", seat->label);
    sheet_integer(sheet, "price", seat->price);
}

static void
write_order(struct sheet *sheet, const struct export_row *row)
{
    bool is_of_points = row->payment.payment_id != 0;
    bool is_paid = payment_exists(&row->payment);
    sheet_integer(sheet, "reservationId", row->reservation_id);
    sheet_text(sheet, "userId", row->user_id);
    sheet_integer(sheet, "itemId", row->item_id);
    sheet_text(sheet, "date", row->date);
    sheet_text(sheet, "status", reservation_status_name(row->status));
    sheet_integer(sheet, "seatCount", row->seat_count);
    sheet_integer(sheet, "totalPrice", row->total_price);
    sheet_instant(sheet, "createdAt", row->created_at);
    sheet_optional_integer(sheet, "paymentId", is_of_points, row->payment.payment_id);
    sheet_optional_text(sheet, "payment", is_paid, payment_status_name(row->payment.status));
    sheet_instant(sheet, "paidAt", row->payment.paid_at);
    sheet_optional_integer(sheet, "refundedAmount", is_paid, row->payment.refunded_amount);
    sheet_optional_integer(sheet, "fee", is_paid, row->payment.fee);
    sheet_optional_text(sheet, "method", is_paid, payment_method_name(row->payment.method));
}

static void
write_seat_row(struct sheet *sheet, const struct export_row *row)
{
    static const char *const names[] = {
        [SEAT_OTHER] = "other",
        [SEAT_AVAILABLE] = "available",
        [SEAT_HELD] = "held",
        [SEAT_SOLD] = "sold",
    };
    sheet_integer(sheet, "itemId", row->item_id);
    sheet_text(sheet, "date", row->date);
    write_seat(sheet, &row->seat);
    sheet_text(sheet, "status", row->seat.blocked ? "blocked" : names[row->seat.status]);
    sheet_optional_integer(sheet, "reservationId", row->reservation_id != 0, row->reservation_id);
    sheet_optional_text(sheet, "userId", row->reservation_id != 0, row->user_id);
    sheet_optional_text(sheet, "method", row->seat.status == SEAT_SOLD && row->reservation_id != 0,
                        payment_method_name(row->payment.method));
    sheet_optional_text(sheet, "kind", row->seat.kind != SEAT_PLAIN,
                        seat_kind_name(row->seat.kind));
    sheet_optional_text(sheet, "note", row->note.text[0] != '\0', row->note.text);
    sheet_optional_integer(sheet, "partnerId", row->seat.partner_id != 0, row->seat.partner_id);
    sheet_optional_integer(sheet, "x", row->position.has_x, row->position.x);
    sheet_optional_integer(sheet, "y", row->position.has_y, row->position.y);
}

static void
write_ledger(struct sheet *sheet, const struct export_row *row)
{
    static const char *const kinds[] = {
        [POINT_OTHER] = "other",     [POINT_CHARGE] = "charge", [POINT_USE] = "use",
        [POINT_PAYMENT] = "payment", [POINT_REFUND] = "refund",
    };
    sheet_integer(sheet, "historyId", row->entry.history_id);
    sheet_text(sheet, "userId", row->user_id);
    sheet_text(sheet, "kind", kinds[row->entry.kind]);
    sheet_integer(sheet, "amount", row->entry.amount);
    sheet_integer(sheet, "balanceAfter", row->entry.balance_after);
    sheet_integer(sheet, "reservationId", row->reservation_id);
    sheet_integer(sheet, "itemId", row->item_id);
    sheet_instant(sheet, "createdAt", row->entry.created_at);
    sheet_integer(sheet, "fee", row->entry.fee);
}

static void
write_guest(struct sheet *sheet, const struct export_row *row)
{
    sheet_integer(sheet, "itemId", row->item_id);
    sheet_text(sheet, "date", row->date);
    write_seat(sheet, &row->seat);
    sheet_text(sheet, "userId", row->user_id);
    sheet_integer(sheet, "reservationId", row->reservation_id);
    sheet_text(sheet, "method", payment_method_name(row->payment.method));
}

/* An export on its way out. */
struct page_writer {
    struct sheet sheet;
    void (*write)(struct sheet *sheet, const struct export_row *row);
};

static void
write_row(void *state, const struct export_row *row)
{
    struct page_writer *page = state;
    sheet_begin_row(&page->sheet);
    page->write(&page->sheet, row);
    sheet_end_row(&page->sheet);
}

static const char *const whats[] = {
    [EXPORT_ORDERS] = "orders",
    [EXPORT_SEATS] = "seats",
    [EXPORT_LEDGER] = "ledger",
    [EXPORT_GUESTS] = "guests",
};

bool
export_find_what(const char *name, enum export_what *what)
{
    for (size_t i = EXPORT_ORDERS; i < sizeof whats / sizeof whats[0]; i++) {
        if (strcmp(whats[i], name) != 0)
            continue;
        *what = (enum export_what)i;
        return true;
    }
    return false;
}

static void
write_head(struct page_writer *page)
{
    static const struct export_row nothing = {.payment.paid_at = 0};
    sheet_begin_head(&page->sheet);
    page->write(&page->sheet, &nothing);
    sheet_end_row(&page->sheet);
}

enum error
export_write_page(struct services *services, const struct export_query *query, enum sheet_form form,
                  bool has_head, struct buffer *out, int64_t *next, struct problem *problem)
{
    static void (*const writers[])(struct sheet *, const struct export_row *) = {
        [EXPORT_ORDERS] = write_order,
        [EXPORT_SEATS] = write_seat_row,
        [EXPORT_LEDGER] = write_ledger,
        [EXPORT_GUESTS] = write_guest,
    };
    struct page_writer page = {.sheet = {.out = out, .form = form}, .write = writers[query->what]};
    buffer_text(out, "");
    if (has_head && form == SHEET_CSV)
        write_head(&page);
    return export_visit(services, query, write_row, &page, next, problem);
}

static void
link_next(const struct input *input, int64_t next, struct response *response)
{
    char item[32] = "";
    if (input->item_id != 0)
        snprintf(item, sizeof item, "&itemId=%d", (int)input->item_id);
    snprintf(response->link, sizeof response->link,
             "<export?what=%s&format=%s%s&before=%lld>; rel=\"next\"", whats[input->what],
             input->format == SHEET_CSV ? "csv" : "ndjson", item, (long long)next);
}

/* The first page begins with the names, so that pages behind one another are one file. */
void
admin_export_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    const struct export_query query = {
        .what = (enum export_what)input->what,
        .concert_id = (int32_t)request->ids[0],
        .item_id = input->item_id,
        .before = input->before,
    };
    enum sheet_form form = (enum sheet_form)input->format;
    struct problem problem = {0};
    int64_t next;
    if (query.what == EXPORT_SEATS && query.item_id == 0) {
        refuse_field(&problem, "itemId", "seats are those of one date: itemId is missing");
        response_problem(response, &problem);
        return;
    }
    response->content_type = form == SHEET_CSV ? "text/csv; charset=utf-8" : "application/x-ndjson";
    if (export_write_page(&admin, &query, form, input->before > LARGE_ID_MAX, &response->body,
                          &next, &problem) != ERROR_NONE)
        response_problem(response, &problem);
    else if (next != 0)
        link_next(input, next, response);
}
