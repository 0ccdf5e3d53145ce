/*
 * fuzz_reply: what Redis answers. The input is a line with the name of a call, and behind it all
 * bytes that come over each connection of that call: the reply to INFO first, of which the
 * Redis' run_id is taken, then that to the call. All of redis/ is run, over a real unix socket.
 *
 * Whatever came, what the call says that it got must be whole.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "fuzz.h"
#include "redis/queue/library_sweep.h"
#include "redis/queue/queue_store.h"

enum { LIMIT = 8 };

static const struct queue_settings settings = {.concert_id = 7, .version = 1, .capacity = 2};
static const uint8_t token[TOKEN_SIZE] = "0123456789abcde";

/* ---- the calls ---- */

static void
require_user(const char *user_id, size_t size)
{
    REQUIRE(memchr(user_id, '\0', size) != NULL);
}

static void
require_answer(enum queue_answer answer)
{
    REQUIRE(answer <= QUEUE_FAILED);
}

static const struct queue_tokens saved = {.list = {{1}, {2}}, .count = 2};

static void
call_add(struct redis *redis)
{
    struct queue_entry entry;
    if (queue_store_add(redis, &settings, token, "mina", &saved, &entry) == QUEUE_OK)
        require_user(entry.user_id, sizeof entry.user_id);
}

static void
call_add_several(struct redis *redis)
{
    struct queue_applicant applicants[] = {{.user_id = "mina"}, {.user_id = "jun"}};
    if (queue_store_add_several(redis, &settings, applicants, 2, &saved) != QUEUE_OK)
        return;
    for (size_t i = 0; i < 2; i++) {
        require_answer(applicants[i].answer);
        if (applicants[i].answer == QUEUE_OK)
            require_user(applicants[i].entry.user_id, sizeof applicants[i].entry.user_id);
    }
}

static void
call_saved_rows(struct redis *redis)
{
    require_answer(queue_store_saved_rows(redis, &settings, &saved));
}

static void
call_status(struct redis *redis)
{
    struct queue_entry entry;
    if (queue_store_status(redis, &settings, token, "", NULL, &entry) == QUEUE_OK)
        require_user(entry.user_id, sizeof entry.user_id);
}

static void
call_leave(struct redis *redis)
{
    struct queue_moved moved;
    require_answer(queue_store_leave(redis, &settings, token, "", &moved));
}

static void
call_saved(struct redis *redis)
{
    enum queue_token_state state;
    require_answer(queue_store_saved(redis, &settings, token, QUEUE_SAVED_ROW, &state));
}

static void
call_keep(struct redis *redis)
{
    enum queue_token_state state;
    require_answer(queue_store_keep(redis, &settings, token, 1000, &state));
}

static void
call_drop(struct redis *redis)
{
    const uint8_t tokens[2][TOKEN_SIZE] = {{1}, {2}};
    struct queue_moved moved;
    require_answer(queue_store_drop(redis, &settings, tokens, 2, &moved));
}

static const struct queue_row row = {
    .token = token, .user_id = "mina", .number = 1, .rank = 1, .ends_ms = 1, .lease_ms = 1};

static void
call_restore(struct redis *redis)
{
    require_answer(queue_store_restore(redis, &settings, &row));
}

static void
call_state(struct redis *redis)
{
    struct queue_counts counts;
    require_answer(queue_store_state(redis, &settings, &counts));
}

static void
call_list(struct redis *redis)
{
    struct queue_brief briefs[LIMIT];
    size_t count;
    require_answer(
        queue_store_list(redis, &settings, QUEUE_TOKEN_WAITING, 0, LIMIT, briefs, &count));
    REQUIRE(count <= LIMIT);
}

static void
take(void *context, const struct queue_brief *brief)
{
    *(int64_t *)context += brief->number;
}

static void
call_scan(struct redis *redis)
{
    uint64_t cursor = 0;
    int64_t sum = 0;
    require_answer(queue_store_scan(redis, &settings, &cursor, take, &sum));
}

static void
call_rank(struct redis *redis)
{
    const struct queue_rank ranks[1] = {{.token = {1}, .rank = 1}};
    int32_t ranked_last = 0;
    require_answer(queue_store_rank(redis, &settings, 1, 1, ranks, 1, &ranked_last));
}

static void
call_rebuild(struct redis *redis)
{
    struct queue_cursor cursor;
    const struct queue_frozen frozen = {0};
    if (queue_store_rebuild(redis, &settings, 1, 1, &frozen, &cursor) == QUEUE_OK)
        require_user(cursor.user_id, sizeof cursor.user_id);
}

static void
call_load(struct redis *redis)
{
    const struct queue_cursor next = {.part = 1, .number = 1};
    require_answer(queue_store_load(redis, &settings, &row, 1, &next, true));
}

static void
call_rebuilt(struct redis *redis)
{
    require_answer(queue_store_rebuilt(redis, &settings, 1, 1));
}

static void
call_erase(struct redis *redis)
{
    queue_store_erase(redis, 7);
}

static void
call_ping(struct redis *redis)
{
    redis_ping(redis);
}

static void
call_memory(struct redis *redis)
{
    struct redis_memory memory = {.limit = -1};
    REQUIRE(redis_read_memory(redis, &memory) || memory.limit == -1);
}

static void
call_databases(struct redis *redis)
{
    int found = redis_find_empty_database(redis);
    REQUIRE(found == -1 || (found >= 1 && found < 16));
}

static void
call_libraries(struct redis *redis)
{
    library_sweep(redis);
}

static struct shared shared;

static void
call_probe(struct redis *redis)
{
    atomic_store(&shared.redis.failures, 3);
    bool lost = redis_probe(redis);
    REQUIRE(lost || !breaker_is_open(&shared.redis));
}

static void
call_check(struct redis *redis)
{
    enum redis_fitness fitness = redis_check(redis);
    REQUIRE(fitness == REDIS_FIT || fitness == REDIS_UNFIT || fitness == REDIS_AWAY);
    REQUIRE(memchr(redis_server(redis), '\0', REDIS_SERVER_SIZE) != NULL);
}

static const struct {
    const char *name;
    void (*call)(struct redis *redis);
} calls[] = {
    {"add", call_add},
    {"add_several", call_add_several},
    {"status", call_status},
    {"leave", call_leave},
    {"saved", call_saved},
    {"saved_rows", call_saved_rows},
    {"drop", call_drop},
    {"restore", call_restore},
    {"state", call_state},
    {"list", call_list},
    {"scan", call_scan},
    {"rank", call_rank},
    {"rebuild", call_rebuild},
    {"load", call_load},
    {"erase", call_erase},
    {"ping", call_ping},
    {"rebuilt", call_rebuilt},
    {"probe", call_probe},
    {"keep", call_keep},
    {"memory", call_memory},
    {"databases", call_databases},
    {"libraries", call_libraries},
    {"check", call_check},
};

/* ---- the other side ---- */

static int listener;
static struct buffer told; /* what each connection is told */
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;

/* Says it all, says no more, and reads until the other side has enough. */
static void
serve(int connection)
{
    static struct buffer answer;
    static char ignored[65536];
    pthread_mutex_lock(&told_lock);
    buffer_clear(&answer);
    buffer_append(&answer, told.data, told.length);
    pthread_mutex_unlock(&told_lock);
    size_t sent = 0;
    ssize_t length = 1;
    for (; sent < answer.length && length > 0; sent += (size_t)length)
        length = send(connection, answer.data + sent, answer.length - sent, MSG_NOSIGNAL);
    shutdown(connection, SHUT_WR);
    while (read(connection, ignored, sizeof ignored) > 0)
        continue;
    close(connection);
}

static void *
run_server(void *unused)
{
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0)
            serve(connection);
    }
    return unused;
}

static struct config config = {.redis_timeout_ms = 10000, .redis_password = "secret"};

static void
remove_socket(void)
{
    unlink(config.redis_socket);
}

static void
start_server(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t thread;
    const char *folder = getenv("TMPDIR");
    snprintf(config.redis_socket, sizeof config.redis_socket, "%.60s/fuzz-%d.sock",
             folder != NULL ? folder : "/tmp", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", config.redis_socket);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        atexit(remove_socket) != 0 || listen(listener, 8) != 0 ||
        pthread_create(&thread, NULL, run_server, NULL) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (listener == 0)
        start_server();
    log_set_level(LOG_LEVEL_ERROR);
    char *text = fuzz_copy(data, size), *rest = text;
    const char *name = fuzz_cut(&rest, "\n");
    pthread_mutex_lock(&told_lock);
    buffer_clear(&told);
    buffer_append(&told, rest, size - (size_t)(rest - text));
    pthread_mutex_unlock(&told_lock);
    memset(&shared, 0, sizeof shared);
    struct redis *redis = redis_open(&config, &shared);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, name) == 0)
            calls[i].call(redis);
    redis_close(redis);
    free(text);
    return 0;
}
