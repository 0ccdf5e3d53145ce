/*
 * ticket_code: what a ticket's QR code says, signed, so that a gate without a network can tell it
 * from an invented one. docs/ticket-codes.md describes it for other programs.
 */
#ifndef FRONTROW_BASE_TICKET_CODE_H
#define FRONTROW_BASE_TICKET_CODE_H

#include "base/ticket_keys.h"

#define TICKET_CODE_PREFIX "FR1:"

enum {
    TICKET_REFERENCE_BYTES = 16,
    TICKET_REFERENCE_SIZE = BASE32_LETTERS(TICKET_REFERENCE_BYTES) + 1, /* as text */
    TICKET_CODE_BYTES = TICKET_KEY_ID_BYTES + 4 + TICKET_REFERENCE_BYTES + TICKET_SIGNATURE_BYTES,
    TICKET_CODE_SIZE = sizeof TICKET_CODE_PREFIX + BASE32_LETTERS(TICKET_CODE_BYTES),
};

/* What a code says. */
struct ticket_code {
    char key_id[TICKET_KEY_ID_SIZE];
    int32_t item_id;
    uint8_t reference[TICKET_REFERENCE_BYTES]; /* random: of which ticket it is */
};

enum ticket_verdict {
    TICKET_GENUINE,
    TICKET_NO_CODE,     /* it has another form */
    TICKET_UNKNOWN_KEY, /* code->key_id says which */
    TICKET_FORGED,      /* the signature is not that of its key */
};

/* Writes and signs a code: the same one each time, as the signatures of Ed25519 are. */
void ticket_code_write(const struct ticket_key *signer, int32_t item_id,
                       const uint8_t reference[TICKET_REFERENCE_BYTES],
                       char text[TICKET_CODE_SIZE]);

/* Reads a code, and tells whether it was signed by one of the keys. *code is set if so. */
enum ticket_verdict ticket_code_read(const struct ticket_keys *keys, const char *text,
                                     struct ticket_code *code) MUST_CHECK;

/* The same for people: "of another form". */
const char *ticket_verdict_text(enum ticket_verdict verdict);

#endif
