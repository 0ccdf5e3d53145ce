/* frontrowctl demo load|reset */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "mysql/demo.h"
#include "mysql/script.h"

static int
replace_all(struct ctl *ctl)
{
    struct buffer path = {0};
    struct buffer sql = {0};
    int status = EXIT_FAILED;
    buffer_format(&path, "%s/demo.sql", ctl->schema_dir);
    if (script_read(path.data, &sql)) {
        enum db_result result = demo_replace_all(ctl->services->db, sql.data);
        status = result == DB_OK ? EXIT_DONE : ctl_database_failed(ctl, result);
    } else {
        fprintf(stderr, "frontrowctl: %s: %s\n", path.data, strerror(errno));
    }
    buffer_free(&path);
    buffer_free(&sql);
    if (status == EXIT_DONE)
        puts("the demo is loaded");
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
                " sales: say --yes if that is meant\n",
                (int)others, (int)all);
        return EXIT_FAILED;
    }
    return replace_all(ctl);
}
