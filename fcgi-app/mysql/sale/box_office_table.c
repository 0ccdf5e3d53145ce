#include "mysql/sale/box_office_table.h"

enum db_result
box_office_table_add_sale(struct database *db, const struct box_office_sale *sale)
{
    static const struct query add = {
        "INSERT INTO box_office_sale (reservation_id, concert_id, item_id, method, amount, sold_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"};
    return db_execute(db, &add,
                      PARAMETERS(DB_INTEGER(sale->reservation_id), DB_INTEGER(sale->concert_id),
                                 DB_INTEGER(sale->item_id), DB_INTEGER(sale->method - PAID_POINTS),
                                 DB_INTEGER(sale->amount), DB_INSTANT(sale->sold_at)));
}

enum db_result
box_office_table_add_refund(struct database *db, const struct box_office_refund *refund)
{
    static const struct query add = {
        "INSERT INTO box_office_refund (reservation_id, refund_no, amount, fee, created_at)"
        " VALUES (?, ?, ?, ?, ?)"};
    return db_execute(db, &add,
                      PARAMETERS(DB_INTEGER(refund->reservation_id), DB_INTEGER(refund->refund_no),
                                 DB_INTEGER(refund->amount), DB_INTEGER(refund->fee),
                                 DB_INSTANT(refund->created_at)));
}

enum db_result
box_office_table_lock_refund(struct database *db, struct box_office_refund *refund)
{
    static const struct query lock = {"SELECT amount, fee, created_at FROM box_office_refund"
                                      " WHERE reservation_id = ? AND refund_no = ? FOR UPDATE"};
    return db_select_one(
        db, &lock, PARAMETERS(DB_INTEGER(refund->reservation_id), DB_INTEGER(refund->refund_no)),
        COLUMNS(INTO_INT64(&refund->amount), INTO_INT64(&refund->fee),
                INTO_INSTANT(&refund->created_at)));
}
