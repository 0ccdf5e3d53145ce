/* frontrowctl ticket key|verify: keys of tickets, and codes checked by them. Neither asks a server.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/ticket_code.h"
#include "ctl/ctl.h"
#include "identity/jwk.h"

int
ctl_ticket_key(struct ctl *ctl)
{
    (void)ctl;
    struct buffer pem = {0};
    ticket_key_make(&pem);
    fputs(pem.data, stdout);
    buffer_free(&pem);
    return EXIT_DONE;
}

/* A key of another kind is none of a ticket. NULL, or what is wrong with it. */
static const char *
take_key(struct ticket_keys *keys, const json_t *jwk)
{
    const char *reason;
    uint8_t public_key[TICKET_KEY_BYTES];
    size_t size = sizeof public_key;
    EVP_PKEY *key = jwk_read(jwk, &reason);
    if (key != NULL && EVP_PKEY_id(key) == EVP_PKEY_ED25519 &&
        (EVP_PKEY_get_raw_public_key(key, public_key, &size) != 1 ||
         !ticket_keys_add_public(keys, public_key)))
        reason = "it has too many keys";
    EVP_PKEY_free(key);
    return reason;
}

/* The answer of GET /ticket-keys. */
static bool
read_keys(const char *path, struct ticket_keys *keys)
{
    json_error_t error;
    json_t *set = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    const json_t *list = json_object_get(set, "keys");
    const char *reason = json_is_array(list) ? NULL : "it is no answer of GET /ticket-keys";
    for (size_t i = 0; reason == NULL && i < json_array_size(list); i++)
        reason = take_key(keys, json_array_get(list, i));
    if (reason != NULL)
        fprintf(stderr, "frontrowctl: %s: %s\n", path, set == NULL ? error.text : reason);
    json_decref(set);
    return reason == NULL;
}

int
ctl_ticket_verify(struct ctl *ctl)
{
    struct ticket_keys keys = {0};
    struct ticket_code code;
    char ticket_id[TICKET_REFERENCE_SIZE];
    if (ctl->keys == NULL) {
        fputs("frontrowctl: ticket verify needs --keys FILE\n", stderr);
        return EXIT_USAGE;
    }
    if (!read_keys(ctl->keys, &keys))
        return EXIT_FAILED;
    enum ticket_verdict verdict = ticket_code_read(&keys, ctl->argument, &code);
    if (verdict != TICKET_GENUINE) {
        printf("NOT OK: %s\n", ticket_verdict_text(verdict));
        return EXIT_FAILED;
    }
    base32_write(code.reference, sizeof code.reference, ticket_id);
    printf("OK: ticket %s of item %d, signed by %s; whether it is valid, its server knows\n",
           ticket_id, (int)code.item_id, code.key_id);
    return EXIT_DONE;
}
