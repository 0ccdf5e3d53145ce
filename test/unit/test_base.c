/* base/: clock, JSON writer, config. */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/occupancy.h"
#include "base/shared.h"
#include "base/time_zone.h"
#include "suites.h"

static void
clock_reads_what_rfc_3339_allows(void)
{
    static const struct {
        const char *text;
        const char *same; /* NULL: refused */
    } cases[] = {
        {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"},
        {"2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"},
        {"2026-11-23T10:00:00.123999z", "2026-11-23T10:00:00.123Z"},
        {"2026-11-23t19:00:00+09:00", "2026-11-23T10:00:00.000Z"},
        {"2026-11-23T00:30:00-01:30", "2026-11-23T02:00:00.000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
        {"2100-02-29T00:00:00Z", NULL},
        {"2026-02-29T00:00:00Z", NULL},
        {"2026-11-23", NULL},
        {"2026-11-23T10:00:00", NULL},
        {"2026-11-23T10:00:00.Z", NULL},
        {"2026-11-23T24:00:00Z", NULL},
        {"2026-11-23T10:60:00Z", NULL},
        {"2026-11-23T10:00:00+0900", NULL},
        {"2026-11-23T10:00:00+24:00", NULL},
        {"2026-11-23T10:00:00Zx", NULL},
        {"1969-12-31T23:59:59Z", NULL},
        {"9999-12-31T23:59:59-00:01", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t instant;
        bool taken = clock_parse(cases[i].text, &instant);
        CU_ASSERT_EQUAL(taken, cases[i].same != NULL);
        if (!taken || cases[i].same == NULL)
            continue;
        char text[CLOCK_TEXT_SIZE];
        clock_format(instant, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].same);
    }
}

static void
clock_knows_the_calendar(void)
{
    CU_ASSERT_TRUE(clock_is_date("2024-02-29"));
    CU_ASSERT_FALSE(clock_is_date("2023-02-29"));
    CU_ASSERT_FALSE(clock_is_date("2023-13-01"));
    CU_ASSERT_FALSE(clock_is_date("2023-1-01"));
    CU_ASSERT_FALSE(clock_is_date("2023-01-01 "));
    CU_ASSERT_EQUAL(clock_from_parts(1970, 1, 1, 0, 0, 0, 0), 0);
    CU_ASSERT_EQUAL(clock_from_parts(2000, 3, 1, 0, 0, 0, 7), 951868800007);
}

/* Half hours, both sides of a change of the clocks, and what is no zone. */
static void
time_zones_have_offsets(void)
{
    static const struct {
        const char *name;
        const char *instant;
        int minutes;
    } cases[] = {
        {"Asia/Seoul", "2031-01-01T00:00:00Z", 540},
        {"Asia/Kathmandu", "2031-01-01T00:00:00Z", 345},
        {"America/New_York", "2031-03-09T06:59:59Z", -300},
        {"America/New_York", "2031-03-09T07:00:00Z", -240},
        {"Nowhere/Else", "2031-01-01T00:00:00Z", 0},
        {"../../etc/localtime", "2031-01-01T00:00:00Z", 0},
    };
    int64_t instant;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_TRUE(clock_parse(cases[i].instant, &instant));
        time_zone_enter(cases[i].name);
        CU_ASSERT_EQUAL(time_zone_offset_ms(instant), (int64_t)cases[i].minutes * 60000);
    }
    time_zone_leave();
    CU_ASSERT_EQUAL(time_zone_offset_ms(instant), 0);
}

static void
json_escapes_and_separates(void)
{
    struct buffer out = {0};
    struct json json = json_writer(&out);
    json_begin_object(&json, NULL);
    json_write_string(&json, "text", "a\"b\\c\n\x01 \xea\xb0\x80");
    json_begin_array(&json, "list");
    json_write_integer(&json, NULL, -1);
    json_write_boolean(&json, NULL, true);
    json_write_null(&json, NULL);
    json_begin_object(&json, NULL);
    json_end_object(&json);
    json_end_array(&json);
    json_write_instant(&json, "at", 0);
    json_write_instant(&json, "never", CLOCK_NEVER);
    json_end_object(&json);
    CU_ASSERT_STRING_EQUAL(out.data, "{\"text\":\"a\\\"b\\\\c\\u000a\\u0001 \xea\xb0\x80\","
                                     "\"list\":[-1,true,null,{}],"
                                     "\"at\":\"1970-01-01T00:00:00.000Z\",\"never\":null}");
    buffer_free(&out);
}

static void
errors_have_a_status_and_a_code(void)
{
    for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++) {
        CU_ASSERT_TRUE(error_status(error) >= 400 && error_status(error) <= 503);
        CU_ASSERT_TRUE(strlen(error_code(error)) > 3 && strlen(error_title(error)) > 3);
    }
    CU_ASSERT_STRING_EQUAL(error_code(ERROR_SEAT_TAKEN), "seat_taken");
}

/* Loads `text` as a config file; returns the error sentence, "" when it is taken. */
static const char *
load_text(struct config *config, const char *text)
{
    static char error[CONFIG_ERROR_SIZE];
    char path[] = "/tmp/frontrow-unit-XXXXXX";
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL_FATAL(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    error[0] = '\0';
    CU_ASSERT_EQUAL(config_load(config, path, error), error[0] == '\0');
    unlink(path);
    return error;
}

static void
config_takes_a_file_and_the_environment(void)
{
    struct config config;
    CU_ASSERT_STRING_EQUAL(load_text(&config, "# a comment\n\nworkers = 3\n caller=body \n"), "");
    CU_ASSERT_EQUAL(config.workers, 3);
    CU_ASSERT_TRUE(config_trusts_body(&config));
    setenv("FRONTROW_WORKERS", "5", 1);
    CU_ASSERT_STRING_EQUAL(load_text(&config, "workers = 3\n"), "");
    CU_ASSERT_EQUAL(config.workers, 5);
    unsetenv("FRONTROW_WORKERS");
}

static void
an_abort_says_why_first(void)
{
    char said[512];
    int ends[2], status;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        log_abort("%d is too many", 7);
    }
    close(ends[1]);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ssize_t length = read(ends[0], said, sizeof said - 1);
    close(ends[0]);
    said[length > 0 ? length : 0] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "ERROR"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "an_abort_says_why_first(): 7 is too many\n"));
}

static void
config_takes_former_names(void)
{
    struct config config;
    CU_ASSERT_STRING_EQUAL(load_text(&config, "claim_seconds = 40\n"), "");
    CU_ASSERT_EQUAL(config.show_up_seconds, 40);
    setenv("FRONTROW_CLAIM_SECONDS", "50", 1);
    CU_ASSERT_STRING_EQUAL(load_text(&config, "show_up_seconds = 40\n"), "");
    CU_ASSERT_EQUAL(config.show_up_seconds, 50);
    setenv("FRONTROW_SHOW_UP_SECONDS", "60", 1);
    CU_ASSERT_STRING_EQUAL(load_text(&config, ""), "");
    CU_ASSERT_EQUAL(config.show_up_seconds, 60);
    unsetenv("FRONTROW_CLAIM_SECONDS");
    unsetenv("FRONTROW_SHOW_UP_SECONDS");
}

static void
config_names_what_is_wrong(void)
{
    struct config config;
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "\nworker = 3\n"), ":2: \"worker\" is not a"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "workers = 3x\n"), "not an integer from 1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "workers\n"), "not key = value"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "caller = bod\n"), "one of header|body"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "caller = header|body\n"), "one of header|"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "request_ms = 9000\n"), "must rise"));
    /* the client would wait for 3 s, at a server that is late for 4 s */
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "mysql_timeout_ms = 2001\n"),
                                  "step 1 is 4000 ms and step 2 is 4000 ms"));
    CU_ASSERT_STRING_EQUAL(load_text(&config, "mysql_timeout_ms = 2001\nrequest_ms = 4001\n"), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "admin_mysql_timeout_ms = 19000\n"),
                                  "admin_mysql_timeout_ms + 1000 < admin_request_ms"));
    /* but a wait for a lock must end before, at one that is not */
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "lock_wait_s = 2\n"), "< mysql_timeout_ms"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_text(&config, "caller = body\nlisten = 0.0.0.0\n"), "127.0.0.0/8 or [::1]"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_text(&config, "caller = body\nlisten = 127.0.0.1 [::]\n"), "caller = body"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_text(&config, "caller = body\nlisten = 127.example\n"), "caller = body"));
    CU_ASSERT_STRING_EQUAL(load_text(&config, "caller = body\nlisten = 127.0.0.1 [::1]\n"), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "admin_key_file = /nowhere\n"), "no secret"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_text(&config, "admin_key_file = /nowhere\n"), "No such file"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "admin_key_file = /dev/null\n"), "is empty"));
}

static void
config_names_what_does_not_go_together(void)
{
    static const struct {
        const char *text;
        const char *says; /* "" where it is taken */
    } cases[] = {
        {"mysql_tls = on\nmysql_socket = /s\n", "mysql_tls = on: TLS is not for a unix socket"},
        {"mysql_tls = verify\n", "verify needs a ca_file"},
        {"redis_tls = on\nredis_tls_ca_file = /dev/null\n", "only verify uses it"},
        {"redis_tls_ca_file = /dev/null\n", "redis_tls = off: "},
        {"mysql_tls = on\nmysql_tls_key_file = /dev/null\n", "need each other"},
        {"redis_tls_certificate_file = /dev/null\nredis_tls_key_file = /dev/null\n", "without TLS"},
        {"mysql_tls = verify\nmysql_tls_ca_file = /nowhere\n",
         "mysql_tls_ca_file: /nowhere: No such"},
        {"mysql_tls = verify\nmysql_tls_ca_file = /dev/null\n", ""},
        {"mysql_hosts = a b:1 [::1]:2\n", ""},
        {"mysql_hosts = a,b\n", "mysql_hosts: \"a,b\" is no list"},
        {"mysql_hosts = a\nmysql_socket = /s\n", "mysql_hosts and mysql_socket cannot both"},
        {"redis_sentinels = a\nredis_hosts = b\n", "redis_sentinels and redis_hosts cannot both"},
        {"redis_hosts = a b c d e f g h\n", ""},
        {"redis_timeout_ms = 600\nredis_hosts = a b c d e f g h\n",
         "redis_hosts: to find that all 8 servers are away takes 4800 ms"},
        {"redis_timeout_ms = 600\nredis_sentinels = a b c d e f g\n", "all 7 servers are away"},
        {"redis_user = fan\n", "redis_user needs a redis_password_file"},
    };
    struct config config;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *said = load_text(&config, cases[i].text);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, cases[i].says));
        CU_ASSERT_EQUAL(said[0] == '\0', cases[i].says[0] == '\0');
    }
}

static void
config_takes_no_note_behind_a_value(void)
{
    struct config config;
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_text(&config, "mysql_user = mina # dba\n"), ":1: mysql_user"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "mysql_user = # none\n"), "line of its own"));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, "workers = 3\t# many\n"), "line of its own"));
    CU_ASSERT_STRING_EQUAL(load_text(&config, "  # a note\nmysql_user = a#b#\n"), "");
    CU_ASSERT_STRING_EQUAL(config.mysql_user, "a#b#");
    setenv("FRONTROW_MYSQL_USER", "a #b", 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(load_text(&config, ""), "mysql_user: \"a #b\""));
    unsetenv("FRONTROW_MYSQL_USER");
}

static void
config_is_read_whole_or_not_at_all(void)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    CU_ASSERT_FALSE(config_load(&config, "/", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/: "));

    char text[2048]; /* one long comment, of which no part may be taken for a setting */
    snprintf(text, sizeof text, "#%01022dworkers = 7\nsockets = 3\n", 0);
    CU_ASSERT_STRING_EQUAL(load_text(&config, text), "");
    CU_ASSERT_EQUAL(config.workers, 16);
    CU_ASSERT_EQUAL(config.sockets, 3);
}

/* Loads settings that name a file with a secret of this length; the error, "" where it is taken. */
static const char *
load_secret_of(struct config *config, int length)
{
    char path[] = "/tmp/frontrow-unit-XXXXXX";
    char setting[64];
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(dprintf(file, "%0*d\r\n", length, 7), length + 2);
    close(file);
    snprintf(setting, sizeof setting, "admin_key_file = %s\n", path);
    const char *error = load_text(config, setting);
    unlink(path);
    return error;
}

static void
config_cuts_no_secret(void)
{
    struct config config;
    CU_ASSERT_STRING_EQUAL(load_secret_of(&config, CONFIG_TEXT_SIZE - 1), "");
    CU_ASSERT_EQUAL(strlen(config.admin_key), CONFIG_TEXT_SIZE - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(load_secret_of(&config, CONFIG_TEXT_SIZE), "too long"));
}

/* How many seats of item 5 the others are taking. */
static size_t
count_taken(const struct occupancy *occupancy, const struct occupancy_slot *own)
{
    int32_t ids[OCCUPANCY_SEATS];
    size_t at = 0, count, all = 0;
    while ((count = occupancy_next_set(occupancy, own, 5, &at, ids)) > 0)
        all += count;
    return all;
}

static void
occupancy_lets_several_users_in_together(void)
{
    static struct occupancy occupancy;
    struct occupancy_slot *own = occupancy_take(&occupancy);
    struct occupancy_slot *other = occupancy_take(&occupancy);
    char user[16];
    CU_ASSERT_TRUE(occupancy_enter(&occupancy, other, "busy", 1));
    CU_ASSERT_FALSE(occupancy_join(&occupancy, own, "busy"));
    for (int i = 0; i < OCCUPANCY_USERS; i++) {
        snprintf(user, sizeof user, "user-%d", i);
        CU_ASSERT_TRUE(occupancy_join(&occupancy, own, user));
        CU_ASSERT_FALSE(occupancy_join(&occupancy, own, user));
    }
    CU_ASSERT_FALSE(occupancy_join(&occupancy, own, "one more"));
    CU_ASSERT_FALSE(occupancy_enter(&occupancy, other, "user-0", 1));
    CU_ASSERT_FALSE(occupancy_enter(&occupancy, other, user, 1));
    occupancy_leave_user(own, "user-0");
    CU_ASSERT_FALSE(occupancy_enter(&occupancy, other, user, 1));
    CU_ASSERT_TRUE(occupancy_enter(&occupancy, other, "user-0", 1));
    occupancy_leave(other);
    occupancy_leave(own);
    CU_ASSERT_TRUE(occupancy_enter(&occupancy, other, user, 1));
    CU_ASSERT_TRUE(occupancy_join(&occupancy, own, "busy"));
}

static void
occupancy_forgets_what_the_dead_left(void)
{
    static const int32_t seats[] = {7};
    static struct occupancy occupancy;
    const int dead = getpid() + 1;
    struct occupancy_slot *own = occupancy_take(&occupancy);
    struct occupancy_slot *killed = occupancy_take(&occupancy);
    CU_ASSERT_TRUE(occupancy_enter(&occupancy, killed, "one", 1));
    occupancy_take_seats(killed, 5, seats, 1);
    atomic_store(&killed->owner, dead);
    CU_ASSERT_FALSE(occupancy_enter(&occupancy, own, "one", 1));
    CU_ASSERT_EQUAL(count_taken(&occupancy, own), 1);
    occupancy_forget(&occupancy, dead);
    CU_ASSERT_EQUAL(count_taken(&occupancy, own), 0);
    CU_ASSERT_TRUE(occupancy_enter(&occupancy, own, "one", 1));
    CU_ASSERT_PTR_EQUAL(occupancy_take(&occupancy), killed);
}

static void
occupancy_tells_of_the_seats_of_others(void)
{
    static const int32_t own_seats[] = {7, 8}, other_seats[] = {INT32_MAX, 2}, elsewhere[] = {3};
    static struct occupancy occupancy;
    struct occupancy_slot *own = occupancy_take(&occupancy);
    struct occupancy_slot *far = occupancy_take(&occupancy);
    struct occupancy_slot *other = occupancy_take(&occupancy);
    int32_t ids[OCCUPANCY_SEATS];
    size_t at = 0;
    occupancy_take_seats(own, 5, own_seats, 2);
    occupancy_take_seats(far, 6, elsewhere, 1);
    occupancy_take_seats(other, 5, other_seats, 2);
    CU_ASSERT_EQUAL(occupancy_next_set(&occupancy, own, 5, &at, ids), 2);
    CU_ASSERT_EQUAL(ids[0], INT32_MAX);
    CU_ASSERT_EQUAL(ids[1], 2);
    CU_ASSERT_EQUAL(occupancy_next_set(&occupancy, own, 5, &at, ids), 0);
    occupancy_take_seats(other, 5, elsewhere, 1);
    CU_ASSERT_EQUAL(count_taken(&occupancy, own), 1);
    occupancy_leave_seats(other);
    CU_ASSERT_EQUAL(count_taken(&occupancy, own), 0);
    occupancy_take_seats(other, 5, other_seats, 2);
    occupancy_leave(other);
    CU_ASSERT_EQUAL(count_taken(&occupancy, own), 0);
}

static const int32_t full[OCCUPANCY_SEATS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, two[] = {11, 12};

/* Half of a set, or of two, would look as if the rest could be had. */
static bool
is_whole_set(const int32_t *ids, size_t count)
{
    return (count == OCCUPANCY_SEATS && memcmp(ids, full, sizeof full) == 0) ||
           (count == 2 && memcmp(ids, two, sizeof two) == 0);
}

static void
occupancy_shows_whole_sets_only(void)
{
    struct shared *shared = shared_create();
    CU_ASSERT_PTR_NOT_NULL_FATAL(shared);
    struct occupancy_slot *own = occupancy_take(&shared->occupancy);
    struct occupancy_slot *other = occupancy_take(&shared->occupancy);
    pid_t taking = fork();
    CU_ASSERT_NOT_EQUAL_FATAL(taking, -1);
    if (taking == 0)
        for (;;) {
            occupancy_take_seats(other, 5, full, OCCUPANCY_SEATS);
            occupancy_leave_seats(other);
            occupancy_take_seats(other, 5, two, 2);
        }
    int whole = 0, torn = 0;
    for (int64_t end = clock_monotonic() + 5000; whole < 100000 && clock_monotonic() < end;) {
        int32_t ids[OCCUPANCY_SEATS];
        size_t at = 0, count = occupancy_next_set(&shared->occupancy, own, 5, &at, ids);
        whole += is_whole_set(ids, count);
        torn += count > 0 && !is_whole_set(ids, count);
    }
    kill(taking, SIGKILL);
    waitpid(taking, NULL, 0);
    CU_ASSERT_TRUE(whole > 0);
    CU_ASSERT_EQUAL(torn, 0);
}

void
suite_base(void)
{
    CU_pSuite suite = CU_add_suite("base", NULL, NULL);
    CU_add_test(suite, "clock reads what RFC 3339 allows", clock_reads_what_rfc_3339_allows);
    CU_add_test(suite, "clock knows the calendar", clock_knows_the_calendar);
    CU_add_test(suite, "time zones have offsets", time_zones_have_offsets);
    CU_add_test(suite, "json escapes and separates", json_escapes_and_separates);
    CU_add_test(suite, "errors have a status and a code", errors_have_a_status_and_a_code);
    CU_add_test(suite, "config takes a file and the environment",
                config_takes_a_file_and_the_environment);
    CU_add_test(suite, "log: an abort says why first", an_abort_says_why_first);
    CU_add_test(suite, "config: former names of settings are taken", config_takes_former_names);
    CU_add_test(suite, "config names what is wrong", config_names_what_is_wrong);
    CU_add_test(suite, "config names what does not go together",
                config_names_what_does_not_go_together);
    CU_add_test(suite, "config takes no note behind a value", config_takes_no_note_behind_a_value);
    CU_add_test(suite, "config is read whole or not at all", config_is_read_whole_or_not_at_all);
    CU_add_test(suite, "config cuts no secret", config_cuts_no_secret);
    CU_add_test(suite, "occupancy forgets what the dead left",
                occupancy_forgets_what_the_dead_left);
    CU_add_test(suite, "occupancy lets several users in together",
                occupancy_lets_several_users_in_together);
    CU_add_test(suite, "occupancy tells of the seats of others",
                occupancy_tells_of_the_seats_of_others);
    CU_add_test(suite, "occupancy shows whole sets only", occupancy_shows_whole_sets_only);
}
