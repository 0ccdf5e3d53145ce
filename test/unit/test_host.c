/* base/host: lists of servers; mysql/dial: the addresses of one. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "base/host.h"
#include "mysql/dial.h"
#include "suites.h"

static void
hosts_are_read_from_a_list(void)
{
    static const char *const malformed[] = {
        "a:",      "a:0", "a:65536",           "a:1x", ":1",   "[::1", "[::1]x", "a,b",
        "/socket", "-h",  "a b c d e f g h i", "::1",  "a:+1", "[a b]"};
    struct host hosts[HOSTS_MAX];
    CU_ASSERT_EQUAL_FATAL(host_list_read(" db1  db-2.example:3307\t[::1] [fe80::1]:9", 3306, hosts),
                          4);
    CU_ASSERT_STRING_EQUAL(hosts[0].name, "db1");
    CU_ASSERT_EQUAL(hosts[0].port, 3306);
    CU_ASSERT_STRING_EQUAL(hosts[1].name, "db-2.example");
    CU_ASSERT_EQUAL(hosts[1].port, 3307);
    CU_ASSERT_STRING_EQUAL(hosts[2].name, "::1");
    CU_ASSERT_EQUAL(hosts[2].port, 3306);
    CU_ASSERT_EQUAL(hosts[3].port, 9);
    CU_ASSERT_EQUAL(host_list_read("", 1, hosts), 0);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        CU_ASSERT_EQUAL(host_list_read(malformed[i], 1, hosts), -1);
}

static void
hosts_are_tried_from_the_chosen_one_on(void)
{
    struct host hosts[HOSTS_MAX];
    size_t order[HOSTS_MAX];
    int count = host_list_read("a b c", 1, hosts);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    const uint32_t a = host_key(&hosts[0]), b = host_key(&hosts[1]), c = host_key(&hosts[2]);
    const struct {
        uint32_t chosen, doubted;
        size_t order[3];
    } cases[] = {
        {0, 0, {0, 1, 2}}, {b, 0, {1, 2, 0}}, {b, b, {2, 0, 1}},
        {0, a, {1, 2, 0}}, {c, a, {2, 1, 0}}, {12345, 54321, {0, 1, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        host_list_order(hosts, 3, cases[i].chosen, cases[i].doubted, order);
        CU_ASSERT_EQUAL(memcmp(order, cases[i].order, sizeof cases[i].order), 0);
    }
}

static void
addresses_are_those_of_the_resolver(void)
{
    static const struct host address = {"127.0.0.7", 3307}, nobody = {"-", 3306};
    struct host found[HOSTS_MAX];
    CU_ASSERT_EQUAL_FATAL(dial_resolve(&address, found, HOSTS_MAX), 1);
    CU_ASSERT_STRING_EQUAL(found[0].name, "127.0.0.7");
    CU_ASSERT_EQUAL(found[0].port, 3307);
    CU_ASSERT_EQUAL(dial_resolve(&address, found, 0), 0);
    CU_ASSERT_EQUAL(dial_resolve(&nobody, found, HOSTS_MAX), 0);
}

void
suite_host(void)
{
    CU_pSuite suite = CU_add_suite("host", NULL, NULL);
    CU_add_test(suite, "hosts are read from a list", hosts_are_read_from_a_list);
    CU_add_test(suite, "hosts are tried from the chosen one on",
                hosts_are_tried_from_the_chosen_one_on);
    CU_add_test(suite, "addresses are those of the resolver", addresses_are_those_of_the_resolver);
}
