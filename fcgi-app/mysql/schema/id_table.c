#include "mysql/schema/id_table.h"

#include <string.h>

#include "base/ids.h"

enum db_result
id_table_read(struct database *db, struct id_use uses[ID_TABLES])
{
    static const struct query read = {"SELECT COALESCE((SELECT MAX(concert_id) FROM concert), 0),"
                                      " COALESCE((SELECT MAX(item_id) FROM item), 0),"
                                      " COALESCE((SELECT MAX(reservation_id) FROM reservation), 0),"
                                      " COALESCE((SELECT MAX(payment_id) FROM payment), 0),"
                                      " COALESCE((SELECT MAX(history_id) FROM point_history), 0),"
                                      " COALESCE((SELECT MAX(audit_log_id) FROM audit_log), 0)"};
    const struct id_use known[ID_TABLES] = {
        {"concert", 0, INT32_MAX},          {"item", 0, INT32_MAX},
        {"reservation", 0, LARGE_ID_MAX},   {"payment", 0, LARGE_ID_MAX},
        {"point_history", 0, LARGE_ID_MAX}, {"audit_log", 0, LARGE_ID_MAX},
    };
    memcpy(uses, known, sizeof known);
    struct column columns[ID_TABLES];
    for (int i = 0; i < ID_TABLES; i++)
        columns[i] = INTO_INT64(&uses[i].last);
    return db_select_one(db, &read, NO_PARAMETERS, columns, ID_TABLES);
}
