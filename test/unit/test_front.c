/* What web servers say of a request: addresses, paths and the time. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "base/address.h"
#include "server/front_clock.h"
#include "server/path.h"
#include "suites.h"

static void
test_loopback(void)
{
    static const char *const loopback[] = {"127.0.0.1", "127.255.255.255", "::1",
                                           "[::1]",     "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"};
    static const char *const other[] = {"",           "126.255.255.255",
                                        "128.0.0.0",  "0.0.0.0",
                                        "127.1",      "127.0.0.1.example",
                                        "::",         "[::]",
                                        "::2",        "[::1",
                                        "::1]",       "[127.0.0.1]",
                                        "[]",         "localhost",
                                        "unix:",      "2001:db8::1",
                                        "127.0.0.01", "::ffff:128.0.0.1",
                                        "[::1]]",     "127.0.0.1:80"};
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        CU_ASSERT_TRUE(address_is_loopback(loopback[i]));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        CU_ASSERT_FALSE(address_is_loopback(other[i]));
    CU_ASSERT_FALSE(address_is_loopback(NULL));
    CU_ASSERT_TRUE(address_list_is_loopback("127.0.0.1"));
    CU_ASSERT_TRUE(address_list_is_loopback(" 127.0.0.1  [::1]\t::1 "));
    CU_ASSERT_FALSE(address_list_is_loopback(""));
    CU_ASSERT_FALSE(address_list_is_loopback("127.0.0.1 0.0.0.0"));
    CU_ASSERT_FALSE(address_list_is_loopback("127.0.0.1,[::1]"));
    CU_ASSERT_FALSE(address_list_is_loopback(
        "127.0.0.1 1111111111111111111111111111111111111111111111111111111111111111111111111"));
}

static void
test_paths_of_names(void)
{
    static const struct {
        const char *script_name, *path_info, *path;
    } cases[] = {
        {NULL, NULL, ""},
        {"", "", ""},
        {"/concert", NULL, "/concert"},
        {NULL, "/concert/1", "/concert/1"},
        {"/", "/concert", "/concert"},
        {"/", "concert", "/concert"},
        {"/concert", "/1//item/", "/concert/1/item/"},
        {"//concert", "", "/concert"},
        {"/concer%74", NULL, "/concer%74"},
        {"concert", NULL, ""},
        {"/concert", "/../metrics", ""},
        {"/.", NULL, ""},
        {"/concert/..", NULL, ""},
        {"/.hidden", "/..x/...", "/.hidden/..x/..."},
    };
    struct buffer path = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool sound = path_from_names(&path, cases[i].script_name, cases[i].path_info);
        CU_ASSERT_STRING_EQUAL(path.data, cases[i].path);
        CU_ASSERT_EQUAL(sound, cases[i].path[0] != '\0');
    }
    buffer_free(&path);
}

static void
test_paths_of_targets(void)
{
    static const struct {
        const char *uri, *path;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"*", ""},
        {"/concert", "/concert"},
        {"/concert?x=/../y", "/concert"},
        {"/concert#x", "/concert"},
        {"//concer%74//%31", "/concert/1"},
        {"/concert%2F%2f1", "/concert/1"},
        {"/%C3%bc", "/\xc3\xbc"},
        {"/concert%2542", "/concert%42"},
        {"/concert%", ""},
        {"/concert%4", ""},
        {"/concert%4g", ""},
        {"/concert%00", ""},
        {"/%2e%2E/metrics", ""},
        {"/concert/.", ""},
        {"http://host/concert?x", "/concert"},
        {"http://host", ""},
        {"http://host?/concert", ""},
        {"example.com:443", ""},
        {"/x?http://host/concert", "/x"},
        {"concert?x://host/metrics", ""},
        {"concert/x://host/metrics", ""},
    };
    struct buffer path = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool sound = path_from_uri(&path, cases[i].uri);
        CU_ASSERT_STRING_EQUAL(path.data, cases[i].path);
        CU_ASSERT_EQUAL(sound, cases[i].path[0] != '\0');
    }
    buffer_free(&path);
}

static void
test_the_clock_of_the_web_server(void)
{
    enum { MINUTE = 60000 };
    struct front_clock clock = {0};
    int64_t ahead = INT64_MIN, now = 30000;
    CU_ASSERT_FALSE(front_clock_read(&clock, 0, &ahead));
    CU_ASSERT_EQUAL(ahead, INT64_MIN);

    /* the waits differ, the least one is next to the truth */
    front_clock_note(&clock, -520, now);
    front_clock_note(&clock, -403, now);
    front_clock_note(&clock, -410, now);
    CU_ASSERT_TRUE(front_clock_read(&clock, now, &ahead));
    CU_ASSERT_EQUAL(ahead, -403);

    /* it goes back: what it was before is forgotten after a minute or two */
    front_clock_note(&clock, -900, now + MINUTE);
    CU_ASSERT_TRUE(front_clock_read(&clock, now + MINUTE, &ahead));
    CU_ASSERT_EQUAL(ahead, -403);
    ahead = INT64_MIN;
    front_clock_note(&clock, -902, now + 2L * MINUTE);
    CU_ASSERT_TRUE(front_clock_read(&clock, now + 2L * MINUTE, &ahead));
    CU_ASSERT_EQUAL(ahead, -900);
    CU_ASSERT_FALSE(front_clock_read(&clock, now + 4L * MINUTE, &ahead));
}

void
suite_front(void)
{
    CU_pSuite suite = CU_add_suite("front", NULL, NULL);
    CU_add_test(suite, "loopback addresses", test_loopback);
    CU_add_test(suite, "paths of SCRIPT_NAME and PATH_INFO", test_paths_of_names);
    CU_add_test(suite, "paths of REQUEST_URI", test_paths_of_targets);
    CU_add_test(suite, "the clock of the web server", test_the_clock_of_the_web_server);
}
