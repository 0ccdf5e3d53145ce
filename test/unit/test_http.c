/* http: what nginx, or whoever reaches the socket, says in FastCGI parameters. */
#include <CUnit/CUnit.h>

#include "server/http.h"
#include "suites.h"

/* What is read from a request with this one parameter; only its numbers are looked at. */
static struct exchange
begin_with(char *pair)
{
    char *parameters[] = {pair, NULL};
    FCGX_Request connection = {.envp = parameters};
    struct exchange exchange = {0};
    http_begin(&exchange, &connection);
    http_free(&exchange);
    exchange.connection = NULL;
    return exchange;
}

static void
test_the_time_of_sending(void)
{
    CU_ASSERT_EQUAL(begin_with("MSEC=1764547200.123").sent_at, 1764547200123);
    CU_ASSERT_EQUAL(begin_with("MSEC=0.007").sent_at, 7);
    CU_ASSERT_EQUAL(begin_with("MSEC=999999999999.999").sent_at, 999999999999999);
}

/* Not said, so that nothing is dropped for it; a product that overflows would be undefined. */
static void
test_a_time_that_is_none(void)
{
    static const char *const texts[] = {
        "MSEC=",
        "MSEC=1764547200",
        "MSEC=1764547200.",
        "MSEC=1764547200.1",
        "MSEC=1764547200.1234",
        "MSEC=1764547200.-12",
        "MSEC=-1764547200.123",
        "MSEC=1000000000000.000",
        "MSEC=9223372036854775807.999",
        "MSEC=-9223372036854775808.999",
        "MSEC=99999999999999999999999.000",
        "MSEC=1.99999999999999999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CU_ASSERT_EQUAL(begin_with((char *)texts[i]).sent_at, 0);
}

static void
test_the_length_of_the_body(void)
{
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=0").content_length, 0);
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=16384").content_length, 16384);
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=99999999999999999999").content_length, INT64_MAX);
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=").content_length, -1);
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=-5").content_length, -1);
    CU_ASSERT_EQUAL(begin_with("CONTENT_LENGTH=5x").content_length, -1);
}

void
suite_http(void)
{
    CU_pSuite suite = CU_add_suite("http", NULL, NULL);
    CU_add_test(suite, "the time of sending", test_the_time_of_sending);
    CU_add_test(suite, "a time that is none", test_a_time_that_is_none);
    CU_add_test(suite, "the length of the body", test_the_length_of_the_body);
}
