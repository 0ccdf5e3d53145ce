/* handlers: one for each row of the route table; the files are named after their resources. */
#ifndef FRONTROW_API_HANDLERS_H
#define FRONTROW_API_HANDLERS_H

#include "base/message.h"

#define HANDLER(name)                                                                              \
    void name(void *services, const struct request *request, struct response *response)

HANDLER(concert_list);
HANDLER(concert_show);
HANDLER(item_list);
HANDLER(seat_list);
HANDLER(layout_show);
HANDLER(queue_show);
HANDLER(challenge_show);
HANDLER(settings_show);
HANDLER(token_add);
void token_add_batch(void *services, struct call *calls, size_t count);
HANDLER(token_show);
HANDLER(token_leave);
HANDLER(reservation_post);
void reservation_post_batch(void *services, struct call *calls, size_t count);
HANDLER(reservation_get);
HANDLER(reservation_get_list);
HANDLER(reservation_delete);
HANDLER(reservation_swap);
HANDLER(transfer_post);
HANDLER(transfer_get_list);
HANDLER(transfer_accept);
HANDLER(transfer_delete);
HANDLER(point_get);
HANDLER(point_charge);
void point_charge_batch(void *services, struct call *calls, size_t count);
HANDLER(point_use);
void point_use_batch(void *services, struct call *calls, size_t count);
HANDLER(point_get_history);
HANDLER(payment_post);
void payment_post_batch(void *services, struct call *calls, size_t count);
HANDLER(payment_get_list);
HANDLER(ticket_get);
HANDLER(waitlist_post);
HANDLER(waitlist_get_list);
HANDLER(waitlist_delete);
HANDLER(ticket_keys_get);
HANDLER(admin_concert_post);
HANDLER(admin_concert_get);
HANDLER(admin_concert_get_list);
HANDLER(admin_concert_patch);
HANDLER(admin_concert_cancel_post);
HANDLER(admin_item_post);
HANDLER(admin_item_patch);
HANDLER(admin_item_cancel_post);
HANDLER(admin_item_get_list);
HANDLER(admin_hall_post);
HANDLER(admin_hall_get);
HANDLER(admin_hall_get_list);
HANDLER(admin_hall_delete);
HANDLER(admin_export_get);
HANDLER(admin_report_get);
HANDLER(admin_log_get);
HANDLER(admin_reservation_get_list);
HANDLER(admin_reservation_post);
HANDLER(admin_refund_post);
HANDLER(admin_user_get);
HANDLER(admin_point_post);
HANDLER(calendar_get);
HANDLER(admin_checkin_post);
HANDLER(admin_checkout_post);
HANDLER(admin_undo_post);
HANDLER(admin_ticket_get_list);
HANDLER(admin_attendance_get);
HANDLER(admin_presale_post);
HANDLER(admin_presale_get_list);
HANDLER(admin_presale_patch);
HANDLER(admin_presale_delete);
HANDLER(admin_presale_code_post);
HANDLER(health_live);
HANDLER(health_ready);

#endif
