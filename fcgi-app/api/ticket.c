/* GET /reservation/{reservation}/ticket, GET /ticket-keys */
#include "domain/sale/ticket.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/seat.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/config.h"

void
ticket_get(void *services, const struct request *request, struct response *response)
{
    struct reservation reservation;
    uint8_t references[SEATS_AT_ONCE][TICKET_REFERENCE_BYTES];
    const struct ticket_key *signer;
    struct problem problem;
    if (ticket_signer(services, &signer, &problem) != ERROR_NONE ||
        ticket_issue(services, request->caller, request->ids[0], &reservation, references,
                     &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_begin_array(&json, "tickets");
    for (int32_t i = 0; i < reservation.seat_count; i++) {
        char text[TICKET_CODE_SIZE];
        json_begin_object(&json, NULL);
        base32_write(references[i], TICKET_REFERENCE_BYTES, text);
        json_write_string(&json, "ticketId", text);
        json_begin_object(&json, "seat");
        seat_write_names(&json, &reservation.seats[i]);
        json_end_object(&json);
        ticket_code_write(signer, reservation.item_id, references[i], text);
        json_write_string(&json, "code", text);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
}

/* RFC 8037. */
static void
write_key(struct json *json, const struct ticket_key *key)
{
    struct buffer x = {0};
    base64url_append(&x, key->public_key, sizeof key->public_key);
    json_begin_object(json, NULL);
    json_write_string(json, "kty", "OKP");
    json_write_string(json, "crv", "Ed25519");
    json_write_string(json, "alg", "EdDSA");
    json_write_string(json, "use", "sig");
    json_write_string(json, "kid", key->id);
    json_write_string(json, "x", x.data);
    json_end_object(json);
    buffer_free(&x);
}

void
ticket_keys_get(void *services, const struct request *request, struct response *response)
{
    (void)request;
    const struct ticket_keys *keys = &((struct services *)services)->config->ticket_keys;
    int64_t started = clock_monotonic_us();
    char hash[API_HASH_SIZE];
    if (keys->count == 0) {
        response_error(response, ERROR_NOT_FOUND, "No tickets are issued here");
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_begin_array(&json, "keys");
    for (size_t i = 0; i < keys->count; i++)
        write_key(&json, &keys->keys[i]);
    json_end_array(&json);
    json_end_object(&json);
    api_hash(response->body.data, response->body.length, hash);
    api_cache_public(response, hash, started);
}
