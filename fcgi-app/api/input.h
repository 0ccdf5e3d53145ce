/*
 * input: checks what a client sent against a table of fields, and holds the checked values. Fields
 * of POST and PATCH are members of the JSON body, those of GET and DELETE are query parameters.
 */
#ifndef FRONTROW_API_INPUT_H
#define FRONTROW_API_INPUT_H

#include <jansson.h>

#include "base/message.h"
#include "base/ticket_code.h"
#include "domain/concert/concert.h"
#include "domain/hall/hall_kept.h"
#include "domain/sale/point.h"
#include "domain/sale/seat.h"

enum { DRY_RUN = 1 /* as the word of its field is numbered */ };
enum { TOKEN_TEXT_SIZE = 64, SEARCH_CHARACTERS = 60, SEARCH_SIZE = 4 * SEARCH_CHARACTERS + 1 };

/* The values of a call; which ones are set is a matter of its table. Absent: 0 or "". */
struct input {
    char user_id[USER_ID_SIZE];
    char to_user[USER_ID_SIZE]; /* of a transfer */
    int32_t concert_id;
    int32_t item_id;
    int64_t reservation_id;
    struct seat_list seats;    /* a single seatId is a list of one */
    const char *seats_field;   /* the member that named them, static */
    struct seat_list to_seats; /* of a swap: those that are wanted for the others */
    int32_t count;             /* best available: how many, 0 where seats are named */
    char section[SECTION_SIZE];
    int64_t max_price;
    bool compact;
    char layout_version[LAYOUT_VERSION_SIZE];
    int64_t amount;
    int32_t limit;
    int64_t before;
    char date[DATE_SIZE];
    int32_t status; /* of a list: the number of the word, 0: all */
    int32_t what;   /* of an export, and its form: likewise */
    int32_t format;
    char search[SEARCH_SIZE];
    int64_t ref; /* the number of an order or of its payment, 0: none */
    char reason[REASON_SIZE];
    int32_t percent; /* of the price that is refunded */
    int32_t method;  /* of a sale by an operator: the number of the word */
    char hall_name[HALL_NAME_SIZE];
    int32_t dry_run; /* DRY_RUN, or it is to be done */
    int64_t price;   /* of each seat; above PRICE_MAX: not given */
    char token[TOKEN_TEXT_SIZE];
    char proof[PROOF_SIZE + 1];      /* a longer one is none, likewise the next two */
    char code[TICKET_CODE_SIZE + 1]; /* of a ticket, or of a presale */
    char ticket_id[TICKET_REFERENCE_SIZE + 1];
    char device_id[DEVICE_ID_SIZE];
    int64_t scanned_at; /* CLOCK_NEVER: not given, likewise the next one */
    int64_t since;
    bool is_offline;
    json_t *body; /* the whole body, for tables that go deeper; NULL for a query */
};

enum field_kind {
    FIELD_USER,     /* a user id; users may leave it out with caller = header */
    FIELD_ID,       /* 1..2^31-1, into an int32_t */
    FIELD_LARGE_ID, /* 1..2^53-1, into an int64_t */
    FIELD_INTEGER,  /* min..max, into an int64_t */
    FIELD_SMALL,    /* min..max, into an int32_t */
    FIELD_DATE,     /* YYYY-MM-DD */
    FIELD_INSTANT,  /* RFC 3339, into an int64_t */
    FIELD_TEXT,     /* min..max characters; fewer where they do not fit the array */
    FIELD_WORD,     /* nothing but `word`; into a bool */
    FIELD_CHOICE,   /* one of the words of `word`; its number from 1 into an int32_t */
    FIELD_TOKEN,    /* any string; one that can be no token is found invalid later */
    FIELD_SEAT_ID,  /* seatId, seatIds and count, of which exactly one must be there */
    FIELD_SEAT_IDS,
    FIELD_COUNT,
    FIELD_SEAT_LIST, /* one more of 1..SEATS_AT_ONCE ids, into a struct seat_list */
    FIELD_END,
};

/* One field. A table ends with FIELD_END. */
struct field {
    const char *name;
    enum field_kind kind;
    bool optional;
    size_t offset; /* in struct input */
    size_t size;   /* of the member there: no value is written past it */
    int64_t min;
    int64_t max;
    int64_t default_value; /* value where it is absent; its size is that of the kind */
    const char *word;      /* FIELD_WORD; FIELD_CHOICE: "first|second" */
};

#endif
