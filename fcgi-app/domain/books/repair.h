/*
 * repair: puts seats right that are not as their reservations say, one transaction each. Whatever
 * else the audit finds needs a person: money, and seats that two buyers have.
 */
#ifndef FRONTROW_DOMAIN_REPAIR_H
#define FRONTROW_DOMAIN_REPAIR_H

#include "domain/services.h"
#include "mysql/books/repair_table.h"

enum repair_outcome {
    REPAIR_DONE,   /* or, in a dry run, it would be */
    REPAIR_PERSON, /* the seat is not there, is withheld, is another buyer's or was refunded */
    REPAIR_BUSY,   /* somebody had it locked all the time: run it again */
};

/* Hears of a case, as it was found. */
typedef void repair_report(void *context, const struct seat_case *seat,
                           enum repair_outcome outcome);

/*
 * A seat of a paid reservation, or of a hold that is not over, becomes its own again if nobody else
 * owns it and the reservation's payment, less its refunds, is for the seats that it lists; one that
 * is held by nobody becomes available. Each is reported as it was found. A dry run changes nothing.
 * DB_OK: all were looked at.
 */
enum db_result repair_run(struct services *services, bool dry_run, repair_report *report,
                          void *context) MUST_CHECK;

#endif
