/* frontrowctl sales */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "mysql/organiser/sales_table.h"

static void
print_row(const char *item, const char *date, const struct sales *sales, const char *section)
{
    printf("%10s  %10s  %7d  %9d  %7d  %7d  %7d  %15" PRId64 "  %s\n", item, date,
           (int)sales->seat_count, (int)sales->available, (int)sales->held, (int)sales->sold,
           (int)sales->blocked, sales->revenue, section);
}

static void
add(struct sales *total, const struct sales *sales)
{
    total->seat_count += sales->seat_count;
    total->available += sales->available;
    total->held += sales->held;
    total->sold += sales->sold;
    total->blocked += sales->blocked;
    total->revenue += sales->revenue;
}

/* One statement reads all rows, so that they and their sum are of the same moment. */
static enum db_result
print_sales(struct database *db, int32_t concert_id)
{
    struct section_sales row;
    struct sales total = {0};
    enum db_result result = sales_table_list(db, concert_id, &row);
    if (result == DB_OK)
        printf("%10s  %10s  %7s  %9s  %7s  %7s  %7s  %15s  %s\n", "itemId", "date", "seats",
               "available", "held", "sold", "blocked", "revenue", "section");
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        char item[16];
        snprintf(item, sizeof item, "%d", (int)row.item_id);
        ctl_keep_on_a_line(row.section);
        print_row(item, row.date, &row.sales, row.section);
        add(&total, &row.sales);
    }
    if (result == DB_NONE)
        print_row("total", "", &total, "");
    return result;
}

int
ctl_sales(struct ctl *ctl)
{
    struct concert concert;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    enum db_result result = print_sales(ctl->services->db, concert.concert_id);
    return result == DB_NONE ? EXIT_DONE : ctl_database_failed(ctl, result);
}
