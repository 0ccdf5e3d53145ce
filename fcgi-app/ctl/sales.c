/* frontrowctl sales */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "domain/sale/seat.h"

static void
print_row(const char *item, const char *date, const struct sales *sales, const char *section)
{
    printf("%10s  %10s  %7d  %9d  %7d  %7d  %7d  %15" PRId64 "  %9d  %15" PRId64 "  %7d  %s\n",
           item, date, (int)sales->seat_count, (int)sales->available, (int)sales->held,
           (int)sales->sold, (int)sales->blocked, sales->revenue, (int)sales->box_office,
           sales->box_office_revenue, (int)sales->guest, section);
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
    total->box_office += sales->box_office;
    total->guest += sales->guest;
    total->box_office_revenue += sales->box_office_revenue;
}

/* Prints a row, and adds it to the sum. */
static void
take_row(void *total, const struct section_sales *row)
{
    char item[16], section[SECTION_SIZE];
    snprintf(item, sizeof item, "%d", (int)row->item_id);
    memcpy(section, row->section, sizeof section);
    ctl_keep_on_a_line(section);
    print_row(item, row->date, &row->sales, section);
    add(total, &row->sales);
}

/* One statement reads all rows, so that they and their sum are of the same moment. */
int
ctl_sales(struct ctl *ctl)
{
    struct concert concert;
    struct sales total = {0};
    struct problem problem;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    printf("%10s  %10s  %7s  %9s  %7s  %7s  %7s  %15s  %9s  %15s  %7s  %s\n", "itemId", "date",
           "seats", "available", "held", "sold", "blocked", "revenue", "boxOffice", "boxRevenue",
           "guest", "section");
    if (seat_visit_sales(ctl->services, concert.concert_id, take_row, &total, &problem) !=
        ERROR_NONE)
        return ctl_refused(&problem);
    print_row("total", "", &total, "");
    return EXIT_DONE;
}
