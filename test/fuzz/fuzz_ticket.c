/*
 * fuzz_ticket: the codes of tickets. The whole input is the text. The key is that of TEST 1 of RFC
 * 8032; one code that it signed is in the corpus. What is genuine must be what is written of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ticket_code.h"
#include "fuzz.h"

static const char private_key[] =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char public_key[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static void
set_key(struct ticket_keys *keys)
{
    uint8_t bytes[TICKET_KEY_BYTES];
    REQUIRE(hex_read(public_key, bytes, sizeof bytes));
    REQUIRE(ticket_keys_add_public(keys, bytes));
    REQUIRE(hex_read(private_key, keys->keys[0].private_key, TICKET_KEY_BYTES));
    keys->keys[0].can_sign = true;
    keys->signer = 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ticket_keys keys;
    struct ticket_code code;
    char again[TICKET_CODE_SIZE];
    char *text = fuzz_copy(data, size);
    if (keys.count == 0)
        set_key(&keys);
    enum ticket_verdict verdict = ticket_code_read(&keys, text, &code);
    REQUIRE(*ticket_verdict_text(verdict) != '\0');
    if (verdict != TICKET_NO_CODE) {
        ticket_code_write(&keys.keys[0], code.item_id, code.reference, again);
        REQUIRE(strlen(text) == strlen(again));
        REQUIRE((strcmp(text, again) == 0) == (verdict == TICKET_GENUINE));
        REQUIRE((strcmp(code.key_id, keys.keys[0].id) == 0) == (verdict != TICKET_UNKNOWN_KEY));
    }
    free(text);
    return 0;
}
