/* error: every answer that is not a success, in one table: enum, code, status, title. */
#ifndef FRONTROW_BASE_ERROR_H
#define FRONTROW_BASE_ERROR_H

/*
 * ERROR(name, status, code, title): the contract's table of errors (RFC 9457 problems).
 * The enum, the texts and the tests are made from this one list.
 */
#define ERROR_TABLE(ERROR)                                                                         \
    ERROR(INVALID_JSON, 400, "invalid_json", "The body is not a valid JSON object")                \
    ERROR(INVALID_FIELD, 400, "invalid_field", "A field is missing or not valid")                  \
    ERROR(INVALID_HALL, 400, "invalid_hall", "The file of a hall is not valid")                    \
    ERROR(BAD_REQUEST, 400, "bad_request", "The request is malformed")                             \
    ERROR(TICKET_INVALID, 400, "ticket_invalid", "This is no ticket of ours")                      \
    ERROR(TOKEN_MISSING, 401, "token_missing", "A queue token is needed")                          \
    ERROR(UNAUTHORIZED, 401, "unauthorized", "The caller is not known")                            \
    ERROR(TOKEN_INVALID, 403, "token_invalid", "The queue token is not valid")                     \
    ERROR(TOKEN_NOT_ACTIVE, 403, "token_not_active", "It is not this token's turn yet")            \
    ERROR(CHALLENGE_REQUIRED, 403, "challenge_required", "A proof of work is needed")              \
    ERROR(CODE_REQUIRED, 403, "code_required", "A code of the presale is needed")                  \
    ERROR(CODE_INVALID, 403, "code_invalid", "The code is not valid here")                         \
    ERROR(FORBIDDEN, 403, "forbidden", "Not allowed")                                              \
    ERROR(NOT_FOUND, 404, "not_found", "There is nothing here")                                    \
    ERROR(CONCERT_NOT_FOUND, 404, "concert_not_found", "There is no such concert")                 \
    ERROR(ITEM_NOT_FOUND, 404, "item_not_found", "There is no such item")                          \
    ERROR(SEAT_NOT_FOUND, 404, "seat_not_found", "There is no such seat")                          \
    ERROR(HALL_NOT_FOUND, 404, "hall_not_found", "There is no such hall")                          \
    ERROR(RESERVATION_NOT_FOUND, 404, "reservation_not_found", "There is no such reservation")     \
    ERROR(TICKET_NOT_FOUND, 404, "ticket_not_found", "There is no such ticket")                    \
    ERROR(TRANSFER_NOT_FOUND, 404, "transfer_not_found", "There is no such transfer")              \
    ERROR(WAITLIST_ENTRY_NOT_FOUND, 404, "waitlist_entry_not_found",                               \
          "The user does not wait for this item")                                                  \
    ERROR(PRESALE_NOT_FOUND, 404, "presale_not_found", "There is no such presale")                 \
    ERROR(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "The method is not allowed here")         \
    ERROR(CONCERT_NOT_OPEN, 409, "concert_not_open", "The concert is not on sale")                 \
    ERROR(SEAT_TAKEN, 409, "seat_taken", "A seat is already taken")                                \
    ERROR(SEATS_BELONG_TOGETHER, 409, "seats_belong_together",                                     \
          "A wheelchair place is sold with its companion's only")                                  \
    ERROR(SEATS_NOT_AVAILABLE, 409, "seats_not_available", "No fitting seats are left")            \
    ERROR(SEAT_LIMIT_REACHED, 409, "seat_limit_reached", "The seat limit is reached")              \
    ERROR(SEATS_AVAILABLE, 409, "seats_available", "Such seats can be had: there is no wait")      \
    ERROR(ALREADY_WAITING, 409, "already_waiting", "The user waits for other seats of this item")  \
    ERROR(PRESALE_SOLD_OUT, 409, "presale_sold_out", "The presale has too few seats left")         \
    ERROR(SEAT_NOT_IN_PRESALE, 409, "seat_not_in_presale", "A seat is not in this presale")        \
    ERROR(PRESALE_IN_USE, 409, "presale_in_use", "Seats of the presale are held or sold")          \
    ERROR(ALREADY_PAID, 409, "already_paid", "The reservation is already paid")                    \
    ERROR(RESERVATION_CANCELLED, 409, "reservation_cancelled", "The reservation is cancelled")     \
    ERROR(INSUFFICIENT_POINTS, 409, "insufficient_points", "There are not enough points")          \
    ERROR(BALANCE_LIMIT, 409, "balance_limit", "The balance would be above its limit")             \
    ERROR(PRICE_DIFFERS, 409, "price_differs", "The seats have another price")                     \
    ERROR(TRANSFER_OVER, 409, "transfer_over", "The transfer can not be accepted any more")        \
    ERROR(NOT_OFFERED, 409, "not_offered", "The concert does not offer this")                      \
    ERROR(NOT_CANCELLABLE, 409, "not_cancellable", "This cannot be cancelled any more")            \
    ERROR(NOT_PAID, 409, "not_paid", "The reservation is not paid")                                \
    ERROR(WRONG_ITEM, 409, "wrong_item", "The ticket is for another item")                         \
    ERROR(TICKET_VOID, 409, "ticket_void", "The ticket is not valid any more")                     \
    ERROR(ALREADY_CHECKED_IN, 409, "already_checked_in", "The ticket was used already")            \
    ERROR(NOT_CHECKED_IN, 409, "not_checked_in", "The ticket was not used")                        \
    ERROR(HOLD_EXPIRED, 410, "hold_expired", "The hold is over")                                   \
    ERROR(BODY_TOO_LARGE, 413, "body_too_large", "The body is too large")                          \
    ERROR(URI_TOO_LONG, 414, "uri_too_long", "The address is too long")                            \
    ERROR(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "The body must be JSON")          \
    ERROR(IDEMPOTENCY_KEY_REUSED, 422, "idempotency_key_reused",                                   \
          "The idempotency key was used for another request")                                      \
    ERROR(RATE_LIMITED, 429, "rate_limited", "Too many requests")                                  \
    ERROR(TOO_MANY_UNPAID, 429, "too_many_unpaid", "Too many holds were not paid")                 \
    ERROR(HEADERS_TOO_LARGE, 431, "headers_too_large", "The headers are too large")                \
    ERROR(INTERNAL_ERROR, 500, "internal_error", "An error inside the server")                     \
    ERROR(BUSY, 503, "busy", "The server is busy")                                                 \
    ERROR(MYSQL_UNAVAILABLE, 503, "mysql_unavailable", "The database cannot be reached")           \
    ERROR(QUEUE_UNAVAILABLE, 503, "queue_unavailable", "The queue cannot be reached")              \
    ERROR(QUEUE_FULL, 503, "queue_full", "The queue is full")                                      \
    ERROR(MAINTENANCE, 503, "maintenance", "Down for maintenance")                                 \
    ERROR(OUTCOME_UNKNOWN, 503, "outcome_unknown", "It is not known whether this was done")

enum error {
    ERROR_NONE = 0, /* success */
#define ERROR(name, status, code, title) ERROR_##name,
    ERROR_TABLE(ERROR)
#undef ERROR
        ERROR_COUNT
};

/* The HTTP status of an error, 200 for ERROR_NONE. */
int error_status(enum error error);

/* The contract's code ("seat_taken"), "ok" for ERROR_NONE. Never NULL. */
const char *error_code(enum error error);

/* A short sentence for people, the same for every occurrence. Never NULL. */
const char *error_title(enum error error);

#endif
