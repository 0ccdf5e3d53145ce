/* GET /reservation/{reservation}/calendar */
#include "base/calendar.h"

#include <stdio.h>

#include "api/api.h"
#include "api/handlers.h"
#include "domain/sale/ticket.h"

/* A line for each seat; a standing place has no row. The language of its reader is not known. */
static void
describe_seats(const struct reservation *reservation, struct buffer *text)
{
    for (int32_t i = 0; i < reservation->seat_count; i++) {
        const struct seat *seat = &reservation->seats[i];
        buffer_format(text, "%s%s · %s%s%s", i > 0 ? "\n" : "", seat->section, seat->row,
                      seat->row[0] != '\0' ? " · " : "", seat->label);
    }
}

void
calendar_get(void *services, const struct request *request, struct response *response)
{
    struct ticket_visit visit;
    struct problem problem;
    if (ticket_find_visit(services, request->caller, request->ids[0], &visit, &problem) !=
        ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct buffer seats = {0};
    char uid[64];
    describe_seats(&visit.reservation, &seats);
    /* two servers have the same numbers, but hardly at the same moment */
    snprintf(uid, sizeof uid, "%lld-%lld@frontrow", (long long)visit.reservation.reservation_id,
             (long long)visit.reservation.created_at);
    const struct calendar_event event = {
        .uid = uid,
        .summary = visit.concert.title,
        .location = visit.concert.venue,
        .description = seats.data,
        .time_zone = concert_time_zone(services, &visit.concert),
        .starts_at = visit.item.starts_at,
        .minutes = visit.about.has_running_minutes ? visit.about.running_minutes : 0,
        .now = visit.concert.now,
    };
    calendar_write(&event, &response->body);
    response->content_type = "text/calendar; charset=utf-8";
    buffer_free(&seats);
}
