#include "base/ticket_code.h"

#include <string.h>

/* 25 bytes are 40 letters, so that what is signed ends with a letter. */
enum {
    PREFIX_LENGTH = sizeof TICKET_CODE_PREFIX - 1,
    ITEM_AT = TICKET_KEY_ID_BYTES,
    REFERENCE_AT = ITEM_AT + 4,
    SIGNED_BYTES = REFERENCE_AT + TICKET_REFERENCE_BYTES,
    SIGNED_LENGTH = PREFIX_LENGTH + BASE32_LETTERS(SIGNED_BYTES),
};

static void
write_item(int32_t item_id, uint8_t bytes[4])
{
    uint32_t number = (uint32_t)item_id;
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static int32_t
read_item(const uint8_t bytes[4])
{
    return (int32_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                     bytes[3]);
}

void
ticket_code_write(const struct ticket_key *signer, int32_t item_id,
                  const uint8_t reference[TICKET_REFERENCE_BYTES], char text[TICKET_CODE_SIZE])
{
    uint8_t bytes[SIGNED_BYTES], signature[TICKET_SIGNATURE_BYTES];
    memcpy(text, TICKET_CODE_PREFIX, PREFIX_LENGTH);
    memcpy(text + PREFIX_LENGTH, signer->id, TICKET_KEY_ID_SIZE - 1);
    write_item(item_id, bytes + ITEM_AT);
    memcpy(bytes + REFERENCE_AT, reference, TICKET_REFERENCE_BYTES);
    base32_write(bytes + ITEM_AT, SIGNED_BYTES - ITEM_AT,
                 text + PREFIX_LENGTH + TICKET_KEY_ID_SIZE - 1);
    ticket_key_sign(signer, text, SIGNED_LENGTH, signature);
    base32_write(signature, sizeof signature, text + SIGNED_LENGTH);
}

enum ticket_verdict
ticket_code_read(const struct ticket_keys *keys, const char *text, struct ticket_code *code)
{
    uint8_t bytes[SIGNED_BYTES], signature[TICKET_SIGNATURE_BYTES];
    if (strlen(text) != TICKET_CODE_SIZE - 1 ||
        strncmp(text, TICKET_CODE_PREFIX, PREFIX_LENGTH) != 0 ||
        !base32_read(text + PREFIX_LENGTH, bytes, sizeof bytes) ||
        !base32_read(text + SIGNED_LENGTH, signature, sizeof signature))
        return TICKET_NO_CODE;
    memcpy(code->key_id, text + PREFIX_LENGTH, TICKET_KEY_ID_SIZE - 1);
    code->key_id[TICKET_KEY_ID_SIZE - 1] = '\0';
    code->item_id = read_item(bytes + ITEM_AT);
    memcpy(code->reference, bytes + REFERENCE_AT, TICKET_REFERENCE_BYTES);
    const struct ticket_key *key = ticket_keys_find(keys, code->key_id);
    if (key == NULL)
        return TICKET_UNKNOWN_KEY;
    return ticket_key_verifies(key, text, SIGNED_LENGTH, signature) ? TICKET_GENUINE
                                                                    : TICKET_FORGED;
}

const char *
ticket_verdict_text(enum ticket_verdict verdict)
{
    static const char *const texts[] = {
        [TICKET_GENUINE] = "genuine",
        [TICKET_NO_CODE] = "no code of a ticket",
        [TICKET_UNKNOWN_KEY] = "signed by a key that is not known",
        [TICKET_FORGED] = "the signature is wrong",
    };
    return texts[verdict];
}
