/* base/text, base/ticket_keys, base/ticket_code: base32, the keys of tickets, and their codes. */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ticket_code.h"
#include "suites.h"

static void
base32_is_that_of_its_rfc(void)
{
    static const char *const letters[] = {"",        "MY",       "MZXQ",      "MZXW6",
                                          "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
    static const char *const wrong[] = {"MZ", "M", "mY", "M1", "M=", ""};
    const uint8_t bytes[] = "foobar";
    uint8_t again[sizeof bytes];
    char text[BASE32_LETTERS(sizeof bytes) + 1];
    for (size_t size = 0; size < sizeof letters / sizeof letters[0]; size++) {
        base32_write(bytes, size, text);
        CU_ASSERT_STRING_EQUAL(text, letters[size]);
        CU_ASSERT_EQUAL(strlen(text), BASE32_LETTERS(size));
        CU_ASSERT_TRUE(base32_read(text, again, size));
        CU_ASSERT_EQUAL(memcmp(again, bytes, size), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_FALSE(base32_read(wrong[i], again, 1));
}

/* RFC 8032, section 7.1: TEST 1 to 3. */
static const struct {
    const char *private_key, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

/* The last one added signs. */
static void
add_vector(struct ticket_keys *keys, size_t i)
{
    uint8_t public_key[TICKET_KEY_BYTES];
    CU_ASSERT_TRUE_FATAL(hex_read(vectors[i].public_key, public_key, sizeof public_key));
    CU_ASSERT_TRUE_FATAL(ticket_keys_add_public(keys, public_key));
    struct ticket_key *key = &keys->keys[keys->count - 1];
    CU_ASSERT_TRUE_FATAL(hex_read(vectors[i].private_key, key->private_key, TICKET_KEY_BYTES));
    key->can_sign = true;
    keys->signer = keys->count;
}

static void
signatures_are_those_of_the_rfc(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct ticket_keys keys = {0};
        uint8_t message[2], expected[TICKET_SIGNATURE_BYTES], made[TICKET_SIGNATURE_BYTES];
        size_t size = strlen(vectors[i].message) / 2;
        add_vector(&keys, i);
        const struct ticket_key *key = ticket_keys_signer(&keys);
        CU_ASSERT_TRUE(hex_read(vectors[i].message, message, size));
        CU_ASSERT_TRUE(hex_read(vectors[i].signature, expected, sizeof expected));
        ticket_key_sign(key, message, size, made);
        CU_ASSERT_EQUAL(memcmp(made, expected, sizeof made), 0);
        CU_ASSERT_TRUE(ticket_key_verifies(key, message, size, made));
        for (size_t byte = 0; byte < sizeof made; byte++) {
            made[byte] ^= 1;
            CU_ASSERT_FALSE(ticket_key_verifies(key, message, size, made));
            made[byte] ^= 1;
        }
    }
}

static const char qr_letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

static void
a_code_says_what_was_signed(void)
{
    static const int32_t items[] = {1, 101, INT32_MAX};
    struct ticket_keys keys = {0};
    uint8_t reference[TICKET_REFERENCE_BYTES];
    add_vector(&keys, 0);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct ticket_code code;
        char text[TICKET_CODE_SIZE], again[TICKET_CODE_SIZE];
        memset(reference, (int)i * 127, sizeof reference);
        ticket_code_write(ticket_keys_signer(&keys), items[i], reference, text);
        ticket_code_write(ticket_keys_signer(&keys), items[i], reference, again);
        CU_ASSERT_STRING_EQUAL(text, again);
        CU_ASSERT_EQUAL(strlen(text), TICKET_CODE_SIZE - 1);
        CU_ASSERT_TRUE(strlen(text) <= 160 && strspn(text, qr_letters) == strlen(text));
        CU_ASSERT_EQUAL(ticket_code_read(&keys, text, &code), TICKET_GENUINE);
        CU_ASSERT_STRING_EQUAL(code.key_id, keys.keys[0].id);
        CU_ASSERT_EQUAL(code.item_id, items[i]);
        CU_ASSERT_EQUAL(memcmp(code.reference, reference, sizeof reference), 0);
    }
}

/* Whichever letter it is, and whatever stands there instead. */
static void
no_letter_of_a_code_can_be_changed(void)
{
    struct ticket_keys keys = {0};
    struct ticket_code code;
    const uint8_t reference[TICKET_REFERENCE_BYTES] = {1, 2, 3};
    char text[TICKET_CODE_SIZE + 1] = "";
    add_vector(&keys, 0);
    ticket_code_write(ticket_keys_signer(&keys), 7, reference, text);
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        const char letter = text[i];
        for (const char *other = qr_letters; *other != '\0'; other++) {
            text[i] = *other;
            if (*other != letter)
                CU_ASSERT_NOT_EQUAL(ticket_code_read(&keys, text, &code), TICKET_GENUINE);
        }
        text[i] = '\0';
        CU_ASSERT_EQUAL(ticket_code_read(&keys, text, &code), TICKET_NO_CODE);
        text[i] = letter;
    }
    text[length] = 'A';
    CU_ASSERT_EQUAL(ticket_code_read(&keys, text, &code), TICKET_NO_CODE);
}

static void
old_keys_verify_and_unknown_ones_do_not(void)
{
    struct ticket_keys old = {0}, both = {0}, other = {0};
    struct ticket_code code;
    const uint8_t reference[TICKET_REFERENCE_BYTES] = {9};
    char text[TICKET_CODE_SIZE];
    add_vector(&old, 0);
    add_vector(&both, 0);
    add_vector(&both, 1);
    add_vector(&other, 1);
    ticket_code_write(ticket_keys_signer(&old), 7, reference, text);
    CU_ASSERT_EQUAL(ticket_code_read(&both, text, &code), TICKET_GENUINE);
    CU_ASSERT_EQUAL(ticket_code_read(&other, text, &code), TICKET_UNKNOWN_KEY);
    CU_ASSERT_STRING_EQUAL(code.key_id, old.keys[0].id);
    ticket_code_write(ticket_keys_signer(&both), 7, reference, text);
    CU_ASSERT_EQUAL(ticket_code_read(&old, text, &code), TICKET_UNKNOWN_KEY);
    memcpy(other.keys[0].id, old.keys[0].id, TICKET_KEY_ID_SIZE);
    ticket_code_write(ticket_keys_signer(&old), 7, reference, text);
    CU_ASSERT_EQUAL(ticket_code_read(&other, text, &code), TICKET_FORGED);
}

/* ---- files of keys ---- */

static bool
load_text(struct ticket_keys *keys, const char *text, const char **reason)
{
    char path[] = "/tmp/frontrow-ticket-keys-XXXXXX";
    int file = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    bool ok = ticket_keys_load(keys, path, reason);
    unlink(path);
    return ok;
}

/* The key of TEST 1, and its public half, as openssl writes them. */
#define PRIVATE                                                                                    \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"                           \
    "-----END PRIVATE KEY-----\n"
#define PUBLIC                                                                                     \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"                               \
    "-----END PUBLIC KEY-----\n"
#define X25519                                                                                     \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"                           \
    "-----END PRIVATE KEY-----\n"

static void
the_last_private_key_of_a_file_signs(void)
{
    struct ticket_keys keys, made;
    struct buffer text = {0};
    const char *reason;
    CU_ASSERT_TRUE_FATAL(load_text(&keys, "a note\n" PRIVATE PUBLIC, &reason));
    CU_ASSERT_EQUAL(keys.count, 1);
    CU_ASSERT_PTR_EQUAL(ticket_keys_signer(&keys), &keys.keys[0]);
    CU_ASSERT_STRING_EQUAL(keys.keys[0].id, "EH7DDX5B");
    CU_ASSERT_TRUE_FATAL(load_text(&keys, PUBLIC, &reason));
    CU_ASSERT_EQUAL(keys.count, 1);
    CU_ASSERT_PTR_NULL(ticket_keys_signer(&keys));
    ticket_key_make(&text);
    CU_ASSERT_TRUE_FATAL(load_text(&made, text.data, &reason));
    buffer_text(&text, PRIVATE);
    CU_ASSERT_TRUE_FATAL(load_text(&keys, text.data, &reason));
    CU_ASSERT_EQUAL(keys.count, 2);
    CU_ASSERT_STRING_EQUAL(ticket_keys_signer(&keys)->id, "EH7DDX5B");
    CU_ASSERT_PTR_NOT_NULL(ticket_keys_find(&keys, made.keys[0].id));
    buffer_free(&text);
}

static void
other_files_of_keys_are_refused(void)
{
    static const struct {
        const char *text, *reason;
    } wrong[] = {
        {"", "it has no key"},
        {"no key\n", "it has no key"},
        {"-----BEGIN PRIVATE KEY-----\n", "a block is damaged"},
        {PUBLIC "-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n",
         "a block is damaged"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
         "a block is neither a PRIVATE KEY nor a PUBLIC KEY"},
        {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
         "a block is neither a PRIVATE KEY nor a PUBLIC KEY"},
        {X25519, "a key is none of Ed25519"},
    };
    struct ticket_keys keys;
    const char *reason;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_FALSE(load_text(&keys, wrong[i].text, &reason));
        CU_ASSERT_STRING_EQUAL(reason, wrong[i].reason);
    }
    CU_ASSERT_FALSE(ticket_keys_load(&keys, "/nowhere", &reason));
    CU_ASSERT_STRING_EQUAL(reason, "No such file or directory");
    struct buffer text = {0};
    for (int i = 0; i <= TICKET_KEYS_MAX; i++)
        ticket_key_make(&text);
    CU_ASSERT_FALSE(load_text(&keys, text.data, &reason));
    CU_ASSERT_STRING_EQUAL(reason, "it has too many keys");
    buffer_free(&text);
}

void
suite_ticket(void)
{
    CU_pSuite suite = CU_add_suite("ticket", NULL, NULL);
    CU_add_test(suite, "base32 is that of its RFC", base32_is_that_of_its_rfc);
    CU_add_test(suite, "signatures are those of the RFC", signatures_are_those_of_the_rfc);
    CU_add_test(suite, "a code says what was signed", a_code_says_what_was_signed);
    CU_add_test(suite, "no letter of a code can be changed", no_letter_of_a_code_can_be_changed);
    CU_add_test(suite, "old keys verify and unknown ones do not",
                old_keys_verify_and_unknown_ones_do_not);
    CU_add_test(suite, "the last private key of a file signs",
                the_last_private_key_of_a_file_signs);
    CU_add_test(suite, "other files of keys are refused", other_files_of_keys_are_refused);
}
