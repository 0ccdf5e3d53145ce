/* The route table: method, path, who may call, the fields, the handler. */
#include <stddef.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/clock.h"
#include "domain/organiser/presale_admin.h"
#include "domain/sale/point.h"

/* clang-format would make blocks of these initializers. */
/* clang-format off */
#define AT(member)                                                                                 \
    .offset = offsetof(struct input, member), .size = sizeof(((struct input *)NULL)->member)
#define USER {"userId", FIELD_USER, AT(user_id)}
#define TOKEN {"token", FIELD_TOKEN, .optional = true, AT(token)}
#define LIMIT                                                                                      \
    {"limit", FIELD_SMALL, .optional = true, AT(limit), .min = 1, .max = PAGE_LIMIT_MAX,           \
     .default_value = 20}
#define BEFORE                                                                                     \
    {"before", FIELD_LARGE_ID, .optional = true, AT(before), .default_value = LARGE_ID_MAX + 1}
#define END {.kind = FIELD_END}
/* clang-format on */

/* A JSON object that the handler reads by itself. */
static const struct field any_fields[] = {END};

static const struct field date_fields[] = {
    {"date", FIELD_DATE, .optional = true, AT(date)},
    END,
};

static const struct field seat_fields[] = {
    {"view", FIELD_WORD, .optional = true, AT(compact), .word = "compact"},
    END,
};

static const struct field layout_fields[] = {
    {"v", FIELD_TEXT, .optional = true, AT(layout_version), .min = 1,
     .max = LAYOUT_VERSION_SIZE - 1},
    END,
};

static const struct field user_fields[] = {USER, END};

static const struct field return_fields[] = {
    USER,
    {"seatIds", FIELD_SEAT_IDS, .optional = true, AT(seats)},
    END,
};

static const struct field swap_fields[] = {
    USER,
    {"seatIds", FIELD_SEAT_IDS, AT(seats)},
    {"toSeatIds", FIELD_SEAT_LIST, AT(to_seats)},
    END,
};

static const struct field transfer_fields[] = {
    USER,
    {"toUserId", FIELD_USER, AT(to_user)},
    END,
};

static const struct field page_fields[] = {
    USER,
    LIMIT,
    BEFORE,
    END,
};

static const struct field concert_page_fields[] = {
    {"status", FIELD_CHOICE, .optional = true, AT(status),
     .word = "scheduled|open|closed|cancelled"}, /* as enum concert_status numbers them */
    {"q", FIELD_TEXT, .optional = true, AT(search), .min = 1, .max = SEARCH_CHARACTERS},
    LIMIT,
    BEFORE,
    END,
};

static const struct field hall_page_fields[] = {LIMIT, BEFORE, END};

static const struct field hall_fields[] = {
    {"name", FIELD_TEXT, .optional = true, AT(hall_name), .min = 1, .max = HALL_NAME_CHARACTERS},
    {"dryRun", FIELD_CHOICE, .optional = true, AT(dry_run), .word = "true|false"}, /* DRY_RUN */
    END,
};

static const struct field export_fields[] = {
    {"what", FIELD_CHOICE, AT(what), .word = "orders|seats|ledger|guests"}, /* enum export_what */
    {"format", FIELD_CHOICE, .optional = true, AT(format), .word = "csv|ndjson",
     .default_value = 1}, /* enum sheet_form */
    {"itemId", FIELD_ID, .optional = true, AT(item_id)},
    BEFORE,
    END,
};

static const struct field report_fields[] = {
    {"itemId", FIELD_ID, .optional = true, AT(item_id)},
    END,
};

static const struct field log_fields[] = {
    {"concertId", FIELD_ID, .optional = true, AT(concert_id)},
    LIMIT,
    BEFORE,
    END,
};

static const struct field token_fields[] = {
    USER,
    {"concertId", FIELD_ID, AT(concert_id)},
    {"proof", FIELD_TOKEN, .optional = true, AT(proof)},
    {"code", FIELD_TOKEN, .optional = true, AT(code)},
    END,
};

static const struct field reservation_fields[] = {
    USER,
    {"concertId", FIELD_ID, AT(concert_id)},
    {"itemId", FIELD_ID, AT(item_id)},
    {"seatId", FIELD_SEAT_ID, .optional = true, AT(seats)},
    {"seatIds", FIELD_SEAT_IDS, .optional = true, AT(seats)},
    {"count", FIELD_COUNT, .optional = true, AT(count)},
    {"section", FIELD_TEXT, .optional = true, AT(section), .min = 1, .max = SECTION_CHARACTERS},
    {"maxPrice", FIELD_INTEGER, .optional = true, AT(max_price), .max = PRICE_MAX,
     .default_value = PRICE_MAX},
    {"code", FIELD_TOKEN, .optional = true, AT(code)},
    TOKEN,
    END,
};

static const struct field order_fields[] = {
    {"concertId", FIELD_ID, .optional = true, AT(concert_id)},
    {"itemId", FIELD_ID, .optional = true, AT(item_id)},
    {"status", FIELD_CHOICE, .optional = true, AT(status),
     .word = "held|paid|expired|cancelled"}, /* as enum reservation_status numbers them */
    {"userId", FIELD_USER, .optional = true, AT(user_id)},
    {"ref", FIELD_LARGE_ID, .optional = true, AT(ref)},
    LIMIT,
    BEFORE,
    END,
};

static const struct field sale_fields[] = {
    USER,
    {"concertId", FIELD_ID, AT(concert_id)},
    {"itemId", FIELD_ID, AT(item_id)},
    {"seatIds", FIELD_SEAT_IDS, .optional = true, AT(seats)},
    {"count", FIELD_COUNT, .optional = true, AT(count)},
    {"section", FIELD_TEXT, .optional = true, AT(section), .min = 1, .max = SECTION_CHARACTERS},
    {"method", FIELD_CHOICE, AT(method), .word = "box_office|guest"},
    {"price", FIELD_INTEGER, .optional = true, AT(price), .max = PRICE_MAX,
     .default_value = PRICE_MAX + 1},
    END,
};

static const struct field refund_fields[] = {
    {"reason", FIELD_TEXT, AT(reason), .min = 1, .max = REASON_CHARACTERS},
    {"percent", FIELD_SMALL, .optional = true, AT(percent), .max = 100, .default_value = 100},
    {"seatIds", FIELD_SEAT_IDS, .optional = true, AT(seats)},
    END,
};

static const struct field cancel_fields[] = {
    {"reason", FIELD_TEXT, AT(reason), .min = 1, .max = REASON_CHARACTERS},
    END,
};

static const struct field adjust_fields[] = {
    USER,
    {"amount", FIELD_INTEGER, AT(amount), .min = -POINT_AMOUNT_LIMIT, .max = POINT_AMOUNT_LIMIT},
    {"reason", FIELD_TEXT, AT(reason), .min = 1, .max = REASON_CHARACTERS},
    END,
};

static const struct field amount_fields[] = {
    USER,
    {"amount", FIELD_INTEGER, AT(amount), .min = 1, .max = POINT_AMOUNT_LIMIT},
    END,
};

static const struct field waitlist_fields[] = {
    USER,
    {"concertId", FIELD_ID, AT(concert_id)},
    {"itemId", FIELD_ID, AT(item_id)},
    {"count", FIELD_SMALL, AT(count), .min = 1, .max = SEATS_AT_ONCE},
    {"section", FIELD_TEXT, .optional = true, AT(section), .min = 1, .max = SECTION_CHARACTERS},
    {"maxPrice", FIELD_INTEGER, .optional = true, AT(max_price), .max = PRICE_MAX,
     .default_value = PRICE_MAX},
    END,
};

static const struct field leave_fields[] = {
    USER,
    {"itemId", FIELD_ID, AT(item_id)},
    END,
};

static const struct field payment_fields[] = {
    USER,
    {"reservationId", FIELD_LARGE_ID, AT(reservation_id)},
    TOKEN,
    END,
};

static const struct field checkin_fields[] = {
    {"code", FIELD_TOKEN, AT(code)},
    {"itemId", FIELD_ID, AT(item_id)},
    {"deviceId", FIELD_TEXT, .optional = true, AT(device_id), .min = 1,
     .max = DEVICE_ID_CHARACTERS},
    {"scannedAt", FIELD_INSTANT, .optional = true, AT(scanned_at), .default_value = CLOCK_NEVER},
    {"mode", FIELD_WORD, .optional = true, AT(is_offline), .word = "offline"},
    END,
};

static const struct field checkout_fields[] = {
    {"code", FIELD_TOKEN, AT(code)},
    {"itemId", FIELD_ID, AT(item_id)},
    END,
};

static const struct field undo_fields[] = {
    {"ticketId", FIELD_TOKEN, AT(ticket_id)},
    {"reason", FIELD_TEXT, AT(reason), .min = 1, .max = REASON_CHARACTERS},
    END,
};

static const struct field ticket_page_fields[] = {
    {"since", FIELD_INSTANT, .optional = true, AT(since), .default_value = CLOCK_NEVER},
    LIMIT,
    BEFORE,
    END,
};

static const struct field presale_code_fields[] = {
    {"count", FIELD_SMALL, AT(count), .min = 1, .max = PRESALE_CODES_MAX},
    END,
};

/* clang-format off */
#define GET(pattern, who, fields, handle)                                                          \
    {METHOD_GET, pattern, who, fields, handle, 0, false, false, NULL, ROLE_NONE, NULL, false}
/* Several waiting ones can be handled together. */
#define POST(pattern, who, fields, handle, handle_batch)                                           \
    {METHOD_POST, pattern, who, fields, handle, 0, false, false, handle_batch, ROLE_NONE, NULL, false}
/* Those that take an Idempotency-Key. */
#define KEYED(method, pattern, who, fields, handle)                                                \
    {method, pattern, who, fields, handle, 0, false, true, NULL, ROLE_NONE, NULL, false}
/* The same, and several waiting ones can be handled together. */
#define BATCHED(method, pattern, who, fields, handle, handle_batch)                                \
    {method, pattern, who, fields, handle, 0, false, true, handle_batch, ROLE_NONE, NULL, false}

/* What few do, no buyer waits for, or nginx answers for all but a few. */
#define SELDOM(method, pattern, who, fields, handle, keyed)                                        \
    {method, pattern, who, fields, handle, 0, false, keyed, NULL, ROLE_NONE, NULL, true}

/* A user's call, which an operator of this role may make for the user. */
#define ASSISTED(method, pattern, role_needed, fields, handle, handle_batch)                         \
    {method, pattern, WHO_CALLER_OR_ADMIN, fields, handle, 0, false, true, handle_batch, role_needed, NULL, false}

/* Operators': larger bodies, the longer ladder of time-outs, and the role that is needed. */
#define ADMIN_BODY_LIMIT (1 << 20)
#define ADMIN(method, pattern, role_needed, fields, handle, keyed)                                 \
    {method, pattern, WHO_ADMIN, fields, handle, ADMIN_BODY_LIMIT, true, keyed, NULL, role_needed, NULL, false}
/* The same with a file in the body; nginx lets one of this size pass for its paths only. */
#define UPLOAD_BODY_LIMIT (32 << 20)
#define UPLOAD(method, pattern, role_needed, fields, handle, keyed)                                \
    {method, pattern, WHO_ADMIN, fields, handle, UPLOAD_BODY_LIMIT, true, keyed, NULL, role_needed, "text/csv", false}
/* clang-format on */

#define ITEM "/concert/{concert}/item/{item}"

const struct route api_routes[] = {
    GET("/concert", WHO_PUBLIC, date_fields, concert_list),
    GET("/concert/{concert}", WHO_PUBLIC, NULL, concert_show),
    SELDOM(METHOD_GET, "/concert/{concert}/item", WHO_PUBLIC, NULL, item_list, false),
    GET(ITEM "/seat", WHO_PUBLIC, seat_fields, seat_list),
    SELDOM(METHOD_GET, ITEM "/layout", WHO_PUBLIC, layout_fields, layout_show, false),
    GET("/concert/{concert}/queue", WHO_PUBLIC, NULL, queue_show),
    SELDOM(METHOD_GET, "/concert/{concert}/challenge", WHO_PUBLIC, NULL, challenge_show, false),
    SELDOM(METHOD_GET, "/settings", WHO_PUBLIC, NULL, settings_show, false),
    SELDOM(METHOD_GET, "/ticket-keys", WHO_PUBLIC, NULL, ticket_keys_get, false),

    POST("/token/add", WHO_CALLER, token_fields, token_add, token_add_batch),
    GET("/token", WHO_TOKEN, NULL, token_show),
    SELDOM(METHOD_DELETE, "/token", WHO_TOKEN, NULL, token_leave, false),

    BATCHED(METHOD_POST, "/reservation", WHO_CALLER, reservation_fields, reservation_post,
            reservation_post_batch),
    GET("/reservation", WHO_CALLER, page_fields, reservation_get_list),
    GET("/reservation/{reservation}", WHO_CALLER, user_fields, reservation_get),
    KEYED(METHOD_DELETE, "/reservation/{reservation}", WHO_CALLER, return_fields,
          reservation_delete),
    SELDOM(METHOD_POST, "/reservation/{reservation}/swap", WHO_CALLER, swap_fields,
           reservation_swap, true),
    SELDOM(METHOD_POST, "/reservation/{reservation}/transfer", WHO_CALLER, transfer_fields,
           transfer_post, true),
    SELDOM(METHOD_GET, "/transfer", WHO_CALLER, page_fields, transfer_get_list, false),
    SELDOM(METHOD_POST, "/transfer/{transfer}/accept", WHO_CALLER, user_fields, transfer_accept,
           true),
    SELDOM(METHOD_DELETE, "/transfer/{transfer}", WHO_CALLER, user_fields, transfer_delete, true),
    SELDOM(METHOD_GET, "/reservation/{reservation}/ticket", WHO_CALLER, user_fields, ticket_get,
           false),
    SELDOM(METHOD_GET, "/reservation/{reservation}/calendar", WHO_CALLER, user_fields, calendar_get,
           false),

    SELDOM(METHOD_POST, "/waitlist", WHO_CALLER, waitlist_fields, waitlist_post, true),
    SELDOM(METHOD_GET, "/waitlist", WHO_CALLER, page_fields, waitlist_get_list, false),
    SELDOM(METHOD_DELETE, "/waitlist", WHO_CALLER, leave_fields, waitlist_delete, false),

    GET("/point", WHO_CALLER, user_fields, point_get),
    ASSISTED(METHOD_POST, "/point/charge", ROLE_SELLER, amount_fields, point_charge,
             point_charge_batch),
    BATCHED(METHOD_POST, "/point/use", WHO_CALLER, amount_fields, point_use, point_use_batch),
    SELDOM(METHOD_GET, "/point/history", WHO_CALLER, page_fields, point_get_history, false),

    BATCHED(METHOD_POST, "/payment", WHO_CALLER, payment_fields, payment_post, payment_post_batch),
    SELDOM(METHOD_GET, "/payment", WHO_CALLER, page_fields, payment_get_list, false),

    ADMIN(METHOD_POST, "/admin/concert", ROLE_MANAGER, any_fields, admin_concert_post, true),
    ADMIN(METHOD_GET, "/admin/concert", ROLE_VIEWER, concert_page_fields, admin_concert_get_list,
          false),
    ADMIN(METHOD_GET, "/admin/concert/{concert}", ROLE_VIEWER, NULL, admin_concert_get, false),
    ADMIN(METHOD_PATCH, "/admin/concert/{concert}", ROLE_MANAGER, any_fields, admin_concert_patch,
          false),
    ADMIN(METHOD_POST, "/admin/concert/{concert}/cancel", ROLE_MANAGER, cancel_fields,
          admin_concert_cancel_post, true),
    ADMIN(METHOD_GET, "/admin/concert/{concert}/item", ROLE_VIEWER, NULL, admin_item_get_list,
          false),
    ADMIN(METHOD_POST, "/admin/concert/{concert}/item", ROLE_MANAGER, any_fields, admin_item_post,
          true),
    ADMIN(METHOD_PATCH, "/admin/concert/{concert}/item/{item}", ROLE_MANAGER, any_fields,
          admin_item_patch, true),
    ADMIN(METHOD_POST, "/admin/concert/{concert}/item/{item}/cancel", ROLE_MANAGER, cancel_fields,
          admin_item_cancel_post, true),
    ADMIN(METHOD_GET, "/admin/concert/{concert}/export", ROLE_SELLER, export_fields,
          admin_export_get, false),
    ADMIN(METHOD_GET, "/admin/concert/{concert}/report", ROLE_VIEWER, report_fields,
          admin_report_get, false),
    UPLOAD(METHOD_POST, "/admin/hall", ROLE_MANAGER, hall_fields, admin_hall_post, true),
    ADMIN(METHOD_GET, "/admin/hall", ROLE_VIEWER, hall_page_fields, admin_hall_get_list, false),
    ADMIN(METHOD_GET, "/admin/hall/{hall}", ROLE_VIEWER, NULL, admin_hall_get, false),
    ADMIN(METHOD_DELETE, "/admin/hall/{hall}", ROLE_MANAGER, NULL, admin_hall_delete, true),
    ADMIN(METHOD_GET, "/admin/reservation", ROLE_SELLER, order_fields, admin_reservation_get_list,
          false),
    ADMIN(METHOD_POST, "/admin/reservation", ROLE_SELLER, sale_fields, admin_reservation_post,
          true),
    ADMIN(METHOD_POST, "/admin/reservation/{reservation}/refund", ROLE_SELLER, refund_fields,
          admin_refund_post, true),
    ADMIN(METHOD_GET, "/admin/user/{user}", ROLE_SELLER, NULL, admin_user_get, false),
    ADMIN(METHOD_POST, "/admin/point", ROLE_SELLER, adjust_fields, admin_point_post, true),
    ADMIN(METHOD_POST, "/admin/checkin", ROLE_GATE, checkin_fields, admin_checkin_post, true),
    ADMIN(METHOD_POST, "/admin/checkout", ROLE_GATE, checkout_fields, admin_checkout_post, true),
    ADMIN(METHOD_POST, "/admin/checkin/undo", ROLE_MANAGER, undo_fields, admin_undo_post, true),
    ADMIN(METHOD_GET, "/admin/item/{item}/ticket", ROLE_GATE, ticket_page_fields,
          admin_ticket_get_list, false),
    ADMIN(METHOD_GET, "/admin/item/{item}/attendance", ROLE_ANY, NULL, admin_attendance_get, false),
    ADMIN(METHOD_POST, "/admin/concert/{concert}/presale", ROLE_MANAGER, any_fields,
          admin_presale_post, true),
    ADMIN(METHOD_GET, "/admin/concert/{concert}/presale", ROLE_VIEWER, NULL, admin_presale_get_list,
          false),
    ADMIN(METHOD_PATCH, "/admin/concert/{concert}/presale/{presale}", ROLE_MANAGER, any_fields,
          admin_presale_patch, true),
    ADMIN(METHOD_DELETE, "/admin/concert/{concert}/presale/{presale}", ROLE_MANAGER, NULL,
          admin_presale_delete, true),
    ADMIN(METHOD_POST, "/admin/concert/{concert}/presale/{presale}/code", ROLE_MANAGER,
          presale_code_fields, admin_presale_code_post, true),
    ADMIN(METHOD_GET, "/admin/log", ROLE_MANAGER, log_fields, admin_log_get, false),

    SELDOM(METHOD_GET, "/health", WHO_MONITOR, NULL, health_live, false),
    SELDOM(METHOD_GET, "/health/ready", WHO_MONITOR, NULL, health_ready, false),
};

const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];
