/* frontrowctl demo load|reset */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "domain/queue/queue.h"
#include "domain/readiness.h"
#include "mysql/schema/demo.h"
#include "mysql/schema/script.h"

/* Appends the ids of all concerts. */
static enum db_result
list_concerts(struct database *db, struct buffer *ids)
{
    int32_t id = 0;
    enum db_result result;
    while ((result = demo_next_concert(db, id, &id)) == DB_OK)
        buffer_append(ids, &id, sizeof id);
    return result == DB_NONE ? DB_OK : result;
}

static int
redis_failed(void)
{
    fputs("frontrowctl: Redis is out of reach\n", stderr);
    return EXIT_DEPENDENCY_GONE;
}

/* The queues of the concerts that were there begin anew, as their tables do. */
static int
forget_queues(struct ctl *ctl, const struct buffer *ids)
{
    for (size_t at = 0; at < ids->length; at += sizeof(int32_t)) {
        int32_t id;
        memcpy(&id, ids->data + at, sizeof id);
        if (!queue_erase(ctl->services, id))
            return redis_failed();
    }
    return EXIT_DONE;
}

static int
replace_with(struct ctl *ctl, const char *sql)
{
    struct buffer ids = {0};
    int64_t latency_us;
    if (!readiness_check_redis(ctl->services, &latency_us)) /* now, while nothing is half done */
        return redis_failed();
    enum db_result result = list_concerts(ctl->services->db, &ids);
    if (result == DB_OK)
        result = demo_replace_all(ctl->services->db, sql);
    if (result == DB_OK)
        result = list_concerts(ctl->services->db, &ids);
    int status = result == DB_OK ? forget_queues(ctl, &ids) : ctl_database_failed(ctl, result);
    buffer_free(&ids);
    if (status == EXIT_DONE)
        puts("the demo is loaded");
    return status;
}

static int
replace_all(struct ctl *ctl)
{
    struct buffer path = {0};
    struct buffer sql = {0};
    int status = EXIT_FAILED;
    buffer_format(&path, "%s/demo.sql", ctl->schema_dir);
    if (script_read(path.data, &sql))
        status = replace_with(ctl, sql.data);
    else
        fprintf(stderr, "frontrowctl: %s: %s\n", path.data, strerror(errno));
    buffer_free(&path);
    buffer_free(&sql);
    return status;
}

int
ctl_demo_load(struct ctl *ctl)
{
    int32_t all;
    int32_t others;
    enum db_result result = demo_count_concerts(ctl->services->db, &all, &others);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    if (all > 0) {
        printf("there are %d concerts already: nothing was loaded\n", (int)all);
        return EXIT_DONE;
    }
    return replace_all(ctl);
}

int
ctl_demo_reset(struct ctl *ctl)
{
    int32_t all;
    int32_t others;
    enum db_result result = demo_count_concerts(ctl->services->db, &all, &others);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    if (others > 0 && !ctl->yes) {
        fprintf(stderr,
                "frontrowctl: %d of %d concerts are not the demo's and would be deleted with all"
                " sales: use --yes to do this\n",
                (int)others, (int)all);
        return EXIT_FAILED;
    }
    return replace_all(ctl);
}
