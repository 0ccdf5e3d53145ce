/* What clients send: query parameters one by one, and the fields of the route table. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/input.h"
#include "api/query.h"
#include "base/config.h"
#include "base/text.h"
#include "domain/services.h"
#include "suites.h"

#define LAYOUT "/concert/{concert}/item/{item}/layout"

static void
query_reads_one_parameter(void)
{
    static const struct {
        const char *query;
        enum query_result result;
        const char *value; /* of QUERY_FOUND */
    } cases[] = {
        {"", QUERY_ABSENT, NULL},
        {"&", QUERY_ABSENT, NULL},
        {"b=1", QUERY_ABSENT, NULL},
        {"aa=1", QUERY_ABSENT, NULL},
        {"A=1", QUERY_ABSENT, NULL},
        {"=1", QUERY_ABSENT, NULL},
        {"%zz=1&b", QUERY_ABSENT, NULL},
        {"a%00=1", QUERY_ABSENT, NULL},
        {"a=1", QUERY_FOUND, "1"},
        {"&&a=1&", QUERY_FOUND, "1"},
        {"b=2&a=1&c", QUERY_FOUND, "1"},
        {"b=%zz&a=1", QUERY_FOUND, "1"},
        {"b=1&b=2&a=1", QUERY_FOUND, "1"},
        {"%61=%31", QUERY_FOUND, "1"},
        {"a=%c3%BC", QUERY_FOUND, "\xc3\xbc"},
        {"a=x+y%2bz", QUERY_FOUND, "x y+z"},
        {"a==", QUERY_FOUND, "="},
        {"a=1;b=2", QUERY_FOUND, "1;b=2"},
        {"a=1234567", QUERY_FOUND, "1234567"},
        {"a=%31%32%33%34%35%36%37", QUERY_FOUND, "1234567"},
        {"a=12345678", QUERY_BAD, NULL},
        {"a", QUERY_BAD, NULL},
        {"a=", QUERY_BAD, NULL},
        {"a&b=1", QUERY_BAD, NULL},
        {"a=&b=1", QUERY_BAD, NULL},
        {"a=1&a=1", QUERY_BAD, NULL},
        {"a=1&%61=1", QUERY_BAD, NULL},
        {"a=1&a", QUERY_BAD, NULL},
        {"a=1&b=2&a=", QUERY_BAD, NULL},
        {"a=%", QUERY_BAD, NULL},
        {"a=%4", QUERY_BAD, NULL},
        {"a=%4&b=1", QUERY_BAD, NULL},
        {"a=%zz", QUERY_BAD, NULL},
        {"a=%4g", QUERY_BAD, NULL},
        {"a=%00", QUERY_BAD, NULL},
        {"a=1%00", QUERY_BAD, NULL},
        {"a=%01", QUERY_BAD, NULL},
        {"a=x%0a", QUERY_BAD, NULL},
        {"a=%7f", QUERY_BAD, NULL},
        {"a=%c2%80", QUERY_BAD, NULL},
        {"a=%c2%9f", QUERY_BAD, NULL},
        {"a=%c2%a0", QUERY_FOUND, "\xc2\xa0"},
        {"a=%80", QUERY_BAD, NULL},
        {"a=\xff", QUERY_BAD, NULL},
        {"a=%c3", QUERY_BAD, NULL},
        {"a=%c0%af", QUERY_BAD, NULL},
        {"a=%ed%a0%80", QUERY_BAD, NULL},
        {"a=%f4%90%80%80", QUERY_BAD, NULL},
        {"b=%80&a=1", QUERY_FOUND, "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[8] = "";
        enum query_result result = query_read(cases[i].query, "a", value, sizeof value);
        CU_ASSERT_EQUAL(result, cases[i].result);
        if (result == QUERY_FOUND && cases[i].value != NULL)
            CU_ASSERT_STRING_EQUAL(value, cases[i].value);
    }
}

static void
user_ids_are_checked(void)
{
    char longest[USER_ID_SIZE + 1];
    memset(longest, 'x', sizeof longest);
    longest[USER_ID_SIZE] = '\0';
    CU_ASSERT_FALSE(is_user_id(longest));
    longest[USER_ID_SIZE - 1] = '\0';
    CU_ASSERT_TRUE(is_user_id(longest));
    CU_ASSERT_TRUE(is_user_id("A.z_0@-9+|:~="));
    CU_ASSERT_FALSE(is_user_id(""));
    CU_ASSERT_FALSE(is_user_id("a b"));
    CU_ASSERT_FALSE(is_user_id("a/b"));
    CU_ASSERT_FALSE(is_user_id("\xc3\xbc"));
}

static void
characters_are_counted(void)
{
    CU_ASSERT_EQUAL(text_count_characters(""), 0);
    CU_ASSERT_EQUAL(text_count_characters("a\xc3\xbc\xea\xb0\x80\xf0\x9f\x8e\xab"), 4);
}

/* The table 3-7 of Unicode. */
static void
utf8_is_known(void)
{
    static const char *const whole[] = {"",
                                        "~",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
    static const char *const broken[] = {"\x80",
                                         "\xbf",
                                         "\xc0\x80",
                                         "\xc1\xbf",
                                         "\xc2",
                                         "\xc2~",
                                         "\xc2\xc0",
                                         "\xe0\x9f\xbf",
                                         "\xea\xb0",
                                         "\xed\xa0\x80",
                                         "\xed\xbf\xbf",
                                         "\xf0\x8f\xbf\xbf",
                                         "\xf0\x9f\x8e",
                                         "\xf4\x90\x80\x80",
                                         "\xf5\x80\x80\x80",
                                         "\xf7\xbf\xbf\xbf",
                                         "\xf8\x88\x80\x80\x80",
                                         "\xff\xbf\xbf\xbf\xbf"};
    char text[16];
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        CU_ASSERT_EQUAL(text_utf8_length(whole[i]), strlen(whole[i]));
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        snprintf(text, sizeof text, "ab\xea\xb0\x80%sz", broken[i]);
        CU_ASSERT_EQUAL(text_utf8_length(text), 5);
    }
}

static void
texts_are_copied_whole_or_not_at_all(void)
{
    char to[4] = "old";
    CU_ASSERT_FALSE(text_copy(to, sizeof to, "four"));
    CU_ASSERT_STRING_EQUAL(to, "old");
    CU_ASSERT_TRUE(text_copy(to, sizeof to, "new"));
    CU_ASSERT_STRING_EQUAL(to, "new");
    CU_ASSERT_TRUE(text_copy(to, sizeof to, to));
    CU_ASSERT_TRUE(text_copy(to, sizeof to, to + 1));
    CU_ASSERT_STRING_EQUAL(to, "ew");
}

/* ---- the fields of a route ---- */

static struct request request;
static struct problem problem;
static char stated_user[USER_ID_SIZE];

/* Reads a body (POST, PATCH) or a query; true where it is taken. done() frees what is left. */
static bool
read_text(const char *caller, enum method method, const char *pattern, const char *text)
{
    struct config config = {0};
    struct services services = {.config = &config};
    snprintf(config.caller, sizeof config.caller, "%s", caller);
    request = (struct request){
        .method = method, .query = text, .body = text, .body_length = strlen(text)};
    problem = (struct problem){0};
    stated_user[0] = '\0';
    for (size_t i = 0; i < api_route_count; i++)
        if (api_routes[i].method == method && strcmp(api_routes[i].pattern, pattern) == 0)
            return api_read_input(&services, &api_routes[i], &request, stated_user, &problem);
    CU_FAIL_FATAL("no such route");
    return false;
}

static void
done(void)
{
    api_free_input(&request);
    CU_ASSERT_PTR_NULL(request.input);
}

/* The field that is refused, "" where the text is taken, "{}" where it is no JSON. */
static const char *
refused_field(enum method method, const char *pattern, const char *text)
{
    bool taken = read_text("body", method, pattern, text);
    done();
    if (taken)
        return "";
    return problem.error == ERROR_INVALID_JSON ? "{}" : problem.field;
}

static void
a_page_has_defaults(void)
{
    CU_ASSERT_TRUE(read_text("body", METHOD_GET, "/payment", "userId=fan"));
    CU_ASSERT_EQUAL(request.input->limit, 20);
    CU_ASSERT_EQUAL(request.input->before, LARGE_ID_MAX + 1);
    CU_ASSERT_STRING_EQUAL(stated_user, "fan");
    done();
    CU_ASSERT_TRUE(read_text("body", METHOD_GET, "/payment", "before=7&userId=fan&limit=100"));
    CU_ASSERT_EQUAL(request.input->limit, 100);
    CU_ASSERT_EQUAL(request.input->before, 7);
    done();
    static const char *const bad[] = {"0",
                                      "101",
                                      "-1",
                                      "+1",
                                      "01",
                                      "1.0",
                                      "1e1",
                                      "x",
                                      "%201",
                                      "999999999999999999",
                                      "9999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char query[64];
        snprintf(query, sizeof query, "userId=fan&limit=%s", bad[i]);
        CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, "/payment", query), "limit");
    }
}

static void
seats_are_chosen_in_one_way(void)
{
    static const struct {
        const char *choice;
        const char *refused; /* "" : taken */
    } cases[] = {
        {"\"seatId\":3", ""},
        {"\"seatIds\":[3]", ""},
        {"\"seatIds\":[8,7,6,5,4,3,2,1]", ""},
        {"\"count\":8", ""},
        {"\"count\":1,\"section\":\"R\",\"maxPrice\":0", ""},
        {"\"count\":1,\"maxPrice\":1000000000", ""},
        {"\"x\":1", "seatId"},
        {"\"seatId\":3,\"seatIds\":[4]", "seatIds"},
        {"\"seatId\":3,\"count\":1", "count"},
        {"\"seatIds\":[3],\"count\":1", "count"},
        {"\"seatIds\":[]", "seatIds"},
        {"\"seatIds\":[1,2,3,4,5,6,7,8,9]", "seatIds"},
        {"\"seatIds\":[2,1,2]", "seatIds"},
        {"\"seatIds\":[1,2.0]", "seatIds[1]"},
        {"\"seatIds\":[1,2,null]", "seatIds[2]"},
        {"\"seatIds\":[0]", "seatIds[0]"},
        {"\"seatIds\":[2147483648]", "seatIds[0]"},
        {"\"seatIds\":{\"0\":1}", "seatIds"},
        {"\"seatId\":null", "seatId"},
        {"\"count\":9", "count"},
        {"\"count\":0", "count"},
        {"\"count\":1,\"section\":\"\"", "section"},
        {"\"count\":1,\"section\":null", "section"},
        {"\"count\":1,\"maxPrice\":-1", "maxPrice"},
        {"\"count\":1,\"maxPrice\":1000000001", "maxPrice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[200];
        snprintf(body, sizeof body, "{\"userId\":\"fan\",\"concertId\":1,\"itemId\":2,%s}",
                 cases[i].choice);
        CU_ASSERT_STRING_EQUAL(refused_field(METHOD_POST, "/reservation", body), cases[i].refused);
    }
}

/* In a query they are separated by commas. */
static void
seats_of_a_query(void)
{
    static const struct {
        const char *seats;
        const char *refused; /* "" : taken */
    } cases[] = {
        {"3", ""},
        {"8,7,6,5,4,3,2,1", ""},
        {"2147483647%2C1", ""},
        {"", "seatIds"},
        {",", "seatIds"},
        {"1,", "seatIds"},
        {",1", "seatIds[0]"},
        {"1,,2", "seatIds[1]"},
        {"1,2,3,4,5,6,7,8,9", "seatIds"},
        {"2,1,2", "seatIds"},
        {"0", "seatIds[0]"},
        {"1,02", "seatIds[1]"},
        {"1, 2", "seatIds[1]"},
        {"2147483648", "seatIds[0]"},
        {"99999999999999999999999999999999999999999", "seatIds[0]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char query[200];
        snprintf(query, sizeof query, "userId=fan&seatIds=%s", cases[i].seats);
        CU_ASSERT_STRING_EQUAL(refused_field(METHOD_DELETE, "/reservation/{reservation}", query),
                               cases[i].refused);
    }
    CU_ASSERT_TRUE(
        read_text("body", METHOD_DELETE, "/reservation/{reservation}", "userId=fan&seatIds=9,5"));
    CU_ASSERT_EQUAL(request.input->seats.count, 2);
    CU_ASSERT_EQUAL(request.input->seats.ids[0], 5);
    CU_ASSERT_EQUAL(request.input->seats.ids[1], 9);
    done();
}

static void
seats_are_kept_in_order(void)
{
    CU_ASSERT_TRUE(read_text("body", METHOD_POST, "/reservation",
                             "{\"userId\":\"fan\",\"concertId\":1,\"itemId\":2,"
                             "\"seatIds\":[2147483647,5,9],\"token\":\"t\"}"));
    const struct input *input = request.input;
    CU_ASSERT_EQUAL(input->seats.count, 3);
    CU_ASSERT_EQUAL(input->seats.ids[0], 5);
    CU_ASSERT_EQUAL(input->seats.ids[1], 9);
    CU_ASSERT_EQUAL(input->seats.ids[2], INT32_MAX);
    CU_ASSERT_EQUAL(input->concert_id, 1);
    CU_ASSERT_EQUAL(input->item_id, 2);
    CU_ASSERT_STRING_EQUAL(input->token, "t");
    done();
}

/* 32 characters of four bytes are the longest section, and a token is cut where none is so long. */
static void
texts_fit_their_places(void)
{
    char body[1000] = "{\"userId\":\"fan\",\"concertId\":1,\"itemId\":2,\"count\":1,\"section\":\"";
    for (int i = 0; i < 32; i++)
        strcat(body, "\xf0\x9f\x8e\xab");
    size_t length = strlen(body);
    strcpy(body + length, "\"}");
    CU_ASSERT_TRUE(read_text("body", METHOD_POST, "/reservation", body));
    CU_ASSERT_EQUAL(strlen(request.input->section), 128);
    done();
    strcpy(body + length, "x\"}");
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_POST, "/reservation", body), "section");

    strcpy(body, "{\"userId\":\"fan\",\"reservationId\":1,\"token\":\"");
    memset(body + strlen(body), 'a', 500);
    strcpy(body + 500, "\"}");
    CU_ASSERT_TRUE(read_text("body", METHOD_POST, "/payment", body));
    CU_ASSERT_EQUAL(strlen(request.input->token), TOKEN_TEXT_SIZE - 1);
    done();
}

/* Bytes, not characters, fill an array: a continuation byte is no character of its own. */
static void
texts_are_measured_in_bytes(void)
{
    char query[2 + 3 * 64 + 1] = "v=";
    for (size_t i = 0; i < 64; i++)
        snprintf(query + 2 + 3 * i, 4, "%%%02x", i % 2 == 0 ? 0xc3U : 0xbcU);
    CU_ASSERT_TRUE(read_text("body", METHOD_GET, LAYOUT, query));
    CU_ASSERT_EQUAL(strlen(request.input->layout_version), LAYOUT_VERSION_SIZE - 1);
    done();

    char longer[sizeof query + 1];
    snprintf(longer, sizeof longer, "%sx", query);
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, LAYOUT, longer), "v");

    char alone[4 + 3 * 80] = "v=a";
    for (size_t i = 0; i < 80; i++)
        snprintf(alone + 3 + 3 * i, 4, "%%80");
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, LAYOUT, alone), "v");
}

/* The room that a kind of field writes to. */
static bool
fits_its_kind(const struct field *field)
{
    switch (field->kind) {
    case FIELD_ID:
    case FIELD_SMALL:
    case FIELD_COUNT:
    case FIELD_CHOICE:
        return field->size == sizeof(int32_t);
    case FIELD_INTEGER:
    case FIELD_LARGE_ID:
    case FIELD_INSTANT:
        return field->size == sizeof(int64_t);
    case FIELD_WORD:
        return field->size == sizeof(bool);
    case FIELD_SEAT_ID:
    case FIELD_SEAT_IDS:
    case FIELD_SEAT_LIST:
        return field->size == sizeof(struct seat_list);
    case FIELD_USER:
        return field->size == USER_ID_SIZE;
    case FIELD_DATE:
        return field->size == DATE_SIZE;
    case FIELD_TOKEN:
        return field->size == TOKEN_TEXT_SIZE || field->size == TICKET_CODE_SIZE + 1 ||
               field->size == TICKET_REFERENCE_SIZE + 1 || field->size == PROOF_SIZE + 1;
    case FIELD_TEXT:
        return field->size > (size_t)field->max;
    case FIELD_END:
        break;
    }
    return false;
}

static void
fields_have_room(void)
{
    for (size_t i = 0; i < api_route_count; i++)
        for (const struct field *field = api_routes[i].fields;
             field != NULL && field->kind != FIELD_END; field++)
            CU_ASSERT_TRUE_FATAL(fits_its_kind(field) &&
                                 field->offset + field->size <= sizeof(struct input));
}

static void
amounts_have_limits(void)
{
    static const struct {
        const char *amount;
        const char *refused;
    } cases[] = {
        {"1", ""},
        {"1000000000", ""},
        {"0", "amount"},
        {"-0", "amount"},
        {"1000000001", "amount"},
        {"1.0", "amount"},
        {"1e3", "amount"},
        {"\"1\"", "amount"},
        {"true", "amount"},
        {"null", "amount"},
        {"9223372036854775807", "amount"},
        {"9223372036854775808", "{}"},
        {"01", "{}"},
        {"1e999", "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"userId\":\"fan\",\"amount\":%s}", cases[i].amount);
        CU_ASSERT_STRING_EQUAL(refused_field(METHOD_POST, "/point/charge", body), cases[i].refused);
    }
}

static void
a_date_may_be_missing(void)
{
    CU_ASSERT_TRUE(read_text("body", METHOD_GET, "/concert", ""));
    CU_ASSERT_STRING_EQUAL(request.input->date, "");
    done();
    CU_ASSERT_TRUE(read_text("body", METHOD_GET, "/concert", "date=2024-02-29"));
    CU_ASSERT_STRING_EQUAL(request.input->date, "2024-02-29");
    done();
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, "/concert", "date=2023-02-29"), "date");
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, "/concert", "date="), "date");
}

/* caller = header: the userId may be left out, but one that stands there must be one. */
static void
a_user_may_be_missing_with_a_gateway(void)
{
    CU_ASSERT_TRUE(read_text("header", METHOD_GET, "/point", ""));
    CU_ASSERT_STRING_EQUAL(stated_user, "");
    done();
    CU_ASSERT_TRUE(read_text("header", METHOD_GET, "/point", "userId=fan"));
    CU_ASSERT_STRING_EQUAL(stated_user, "fan");
    done();
    CU_ASSERT_FALSE(read_text("header", METHOD_GET, "/point", "userId="));
    done();
    CU_ASSERT_FALSE(read_text("header", METHOD_POST, "/point/use", "{\"userId\":1,\"amount\":1}"));
    done();
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_GET, "/point", ""), "userId");
}

static void
bodies_are_json_objects(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "null",
        "1",
        "[]",
        "{",
        "{}x",
        "{}{}",
        "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":1,}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_STRING_EQUAL(refused_field(METHOD_POST, "/payment", bad[i]), "{}");
    CU_ASSERT_STRING_EQUAL(refused_field(METHOD_POST, "/payment", " {} "), "userId");
}

static bool
names_a_user(const struct field *fields)
{
    if (fields == NULL)
        return false;
    while (fields->kind != FIELD_END && fields->kind != FIELD_USER)
        fields++;
    return fields->kind == FIELD_USER;
}

/*
 * A caller is named by a field, and an operator names others; what has a body has fields, so it is
 * parsed.
 */
static void
the_table_fits_who_may_call(void)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *route = &api_routes[i];
        bool is_user = route->who == WHO_CALLER || route->who == WHO_CALLER_OR_ADMIN;
        bool is_operators = route->who == WHO_ADMIN || route->who == WHO_CALLER_OR_ADMIN;
        CU_ASSERT_TRUE(names_a_user(route->fields) == is_user || route->who == WHO_ADMIN);
        CU_ASSERT_EQUAL(route->role != ROLE_NONE, is_operators);
        CU_ASSERT_EQUAL(strncmp(route->pattern, "/admin/", 7) == 0, route->who == WHO_ADMIN);
        CU_ASSERT_EQUAL(route->slow, route->who == WHO_ADMIN);
        CU_ASSERT_TRUE(!route->keyed || route->method != METHOD_GET);
        if (route->method == METHOD_POST || route->method == METHOD_PATCH)
            CU_ASSERT_PTR_NOT_NULL(route->fields);
        CU_ASSERT_PTR_NOT_NULL(route->handle);
    }
}

void
suite_input(void)
{
    CU_pSuite suite = CU_add_suite("input", NULL, NULL);
    CU_add_test(suite, "query reads one parameter", query_reads_one_parameter);
    CU_add_test(suite, "user ids are checked", user_ids_are_checked);
    CU_add_test(suite, "characters are counted", characters_are_counted);
    CU_add_test(suite, "UTF-8 is known", utf8_is_known);
    CU_add_test(suite, "texts are copied whole or not at all",
                texts_are_copied_whole_or_not_at_all);
    CU_add_test(suite, "a page has defaults", a_page_has_defaults);
    CU_add_test(suite, "seats are chosen in one way", seats_are_chosen_in_one_way);
    CU_add_test(suite, "seats of a query", seats_of_a_query);
    CU_add_test(suite, "seats are kept in order", seats_are_kept_in_order);
    CU_add_test(suite, "texts fit their places", texts_fit_their_places);
    CU_add_test(suite, "texts are measured in bytes", texts_are_measured_in_bytes);
    CU_add_test(suite, "fields have room", fields_have_room);
    CU_add_test(suite, "amounts have limits", amounts_have_limits);
    CU_add_test(suite, "a date may be missing", a_date_may_be_missing);
    CU_add_test(suite, "a user may be missing with a gateway",
                a_user_may_be_missing_with_a_gateway);
    CU_add_test(suite, "bodies are JSON objects", bodies_are_json_objects);
    CU_add_test(suite, "the table fits who may call", the_table_fits_who_may_call);
}
