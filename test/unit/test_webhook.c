/* Webhooks: signatures, messages, pauses, and which addresses are called. */
#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"
#include "base/webhook_signature.h"
#include "domain/webhook/relay.h"
#include "outbox/message.h"
#include "suites.h"

/* That of the libraries of Standard Webhooks: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw. */
static void
a_published_signature_is_made(void)
{
    static const uint8_t secret[] = {0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a,
                                     0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c,
                                     0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0};
    static const char body[] = "{\"test\": 2432232314}";
    char text[WEBHOOK_SIGNATURE_SIZE];
    webhook_sign(secret, sizeof secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                 sizeof body - 1, text);
    CU_ASSERT_STRING_EQUAL(text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
a_secret_is_made_of_key_and_salt(void)
{
    static const char key[] = "0123456789abcdef0123456789abcdef";
    const uint8_t salt[WEBHOOK_SALT_BYTES] = {1}, other[WEBHOOK_SALT_BYTES] = {2};
    uint8_t secret[WEBHOOK_SECRET_BYTES], again[WEBHOOK_SECRET_BYTES], third[WEBHOOK_SECRET_BYTES];
    char text[WEBHOOK_SECRET_SIZE];
    webhook_secret_make(key, salt, secret);
    webhook_secret_make(key, salt, again);
    webhook_secret_make(key, other, third);
    CU_ASSERT_EQUAL(memcmp(secret, again, sizeof secret), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(secret, third, sizeof secret), 0);
    webhook_secret_write(secret, text);
    CU_ASSERT_EQUAL(strncmp(text, "whsec_", 6), 0);
    CU_ASSERT_EQUAL(strlen(text), sizeof text - 1);
}

static void
a_message_has_what_the_event_is_about(void)
{
    struct delivery delivery = {
        .event_id = 7,
        .occurred_at = 1700000000123,
        .kind = "reservation.refunded",
        .event = {.concert_id = 1,
                  .item_id = 2,
                  .reservation_id = 3,
                  .user_id = "mina",
                  .seat_ids = "4,5",
                  .has_amount = true,
                  .amount = 900,
                  .fee = 100},
    };
    struct buffer body = {0};
    char id[MESSAGE_ID_SIZE];
    message_write_id(&delivery, id);
    CU_ASSERT_STRING_EQUAL(id, "evt_7_1700000000123");
    message_write(&delivery, &body);
    CU_ASSERT_STRING_EQUAL(body.data,
                           "{\"type\":\"reservation.refunded\","
                           "\"timestamp\":\"2023-11-14T22:13:20.123Z\",\"data\":{\"concertId\":1,"
                           "\"itemId\":2,\"reservationId\":3,\"userId\":\"mina\","
                           "\"seatIds\":[4,5],\"amount\":900,\"fee\":100}}");
    buffer_clear(&body);
    delivery.event = (struct event){.concert_id = 1};
    strcpy(delivery.kind, "concert.opened");
    message_write(&delivery, &body);
    CU_ASSERT_STRING_EQUAL(body.data, "{\"type\":\"concert.opened\",\"timestamp\":"
                                      "\"2023-11-14T22:13:20.123Z\",\"data\":{\"concertId\":1}}");
    buffer_free(&body);
}

static void
pauses_double_and_have_an_end(void)
{
    CU_ASSERT_EQUAL(relay_pause_ms(1, 0), 500);
    CU_ASSERT_EQUAL(relay_pause_ms(1, 1), 1000);
    CU_ASSERT_EQUAL(relay_pause_ms(2, 1), 2000);
    CU_ASSERT_EQUAL(relay_pause_ms(5, 0.5), 12000);
    CU_ASSERT_EQUAL(relay_pause_ms(10, 1), 512000);
    CU_ASSERT_EQUAL(relay_pause_ms(11, 1), RELAY_MAX_PAUSE_MS);
    CU_ASSERT_EQUAL(relay_pause_ms(INT32_MAX, 0), RELAY_MAX_PAUSE_MS / 2);
}

/* As the system has it; of IPv6 if there is a colon. */
static void
read_address(const char *text, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    void *bytes = strchr(text, ':') != NULL
                      ? (void *)&((struct sockaddr_in6 *)(void *)address)->sin6_addr
                      : (void *)&((struct sockaddr_in *)(void *)address)->sin_addr;
    address->ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    CU_ASSERT_EQUAL_FATAL(inet_pton(address->ss_family, text, bytes), 1);
}

static bool
is_public(const char *text)
{
    struct sockaddr_storage address;
    read_address(text, &address);
    return address_is_public((const struct sockaddr *)&address);
}

static bool
is_in(const char *text, const char *ranges)
{
    struct sockaddr_storage address;
    read_address(text, &address);
    return address_is_in((const struct sockaddr *)&address, ranges);
}

static void
only_public_addresses_are_public(void)
{
    static const char *const public[] = {
        "1.1.1.1",        "9.255.255.255",  "11.0.0.0",   "100.63.255.255", "100.128.0.0",
        "169.253.0.1",    "172.15.255.255", "172.32.0.0", "192.167.0.1",    "223.255.255.255",
        "::ffff:1.1.1.1", "2606:4700::1",   "2a00::1",    "2001:4860::1",
    };
    static const char *const others[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0.0.0.0",
        "::ffff:169.254.1.1",
        "64:ff9b::7f00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    };
    struct sockaddr_storage unix_address = {.ss_family = AF_UNIX};
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
        CU_ASSERT_TRUE(is_public(public[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CU_ASSERT_FALSE(is_public(others[i]));
    CU_ASSERT_FALSE(address_is_public((const struct sockaddr *)&unix_address));
}

static void
ranges_of_addresses_are_read(void)
{
    CU_ASSERT_TRUE(is_in("127.0.0.1", "127.0.0.1"));
    CU_ASSERT_FALSE(is_in("127.0.0.2", "127.0.0.1"));
    CU_ASSERT_TRUE(is_in("10.1.2.3", "fd00::/8 10.1.2.0/24"));
    CU_ASSERT_FALSE(is_in("10.1.3.3", "fd00::/8 10.1.2.0/24"));
    CU_ASSERT_TRUE(is_in("10.1.3.3", "10.1.2.0/23"));
    CU_ASSERT_TRUE(is_in("::ffff:10.1.2.3", "10.1.2.0/24"));
    CU_ASSERT_TRUE(is_in("fd12::1", "10.0.0.0/8 fd00::/8"));
    CU_ASSERT_TRUE(is_in("255.0.0.1", "0.0.0.0/0"));
    CU_ASSERT_FALSE(is_in("::1", "0.0.0.0/0"));
    CU_ASSERT_FALSE(is_in("127.0.0.1", ""));
    CU_ASSERT_TRUE(address_ranges_are_valid(""));
    CU_ASSERT_TRUE(address_ranges_are_valid("  10.0.0.0/8\t::1 "));
    static const char *const wrong[] = {"10.0.0.0/33", "::/129",      "10.0.0/8",  "10.0.0.0/",
                                        "10.0.0.0/ 8", "10.0.0.0/8x", "localhost", "10.0.0.0,::1",
                                        "10.0.0.0/-1", "[::1]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_FALSE(address_ranges_are_valid(wrong[i]));
}

void
suite_webhook(void)
{
    CU_pSuite suite = CU_add_suite("webhook", NULL, NULL);
    CU_add_test(suite, "a published signature is made", a_published_signature_is_made);
    CU_add_test(suite, "a secret is made of key and salt", a_secret_is_made_of_key_and_salt);
    CU_add_test(suite, "a message has what the event is about",
                a_message_has_what_the_event_is_about);
    CU_add_test(suite, "pauses double and have an end", pauses_double_and_have_an_end);
    CU_add_test(suite, "only public addresses are public", only_public_addresses_are_public);
    CU_add_test(suite, "ranges of addresses are read", ranges_of_addresses_are_read);
}
