/* frontrowctl migrate */
#include <stdio.h>

#include "ctl/ctl.h"
#include "mysql/schema/migrate.h"

int
ctl_migrate(struct ctl *ctl)
{
    int version;
    int applied;
    char error[MIGRATE_ERROR_SIZE];
    enum migrate_result result =
        migrate_apply(ctl->services->db, ctl->schema_dir, &version, &applied, error);
    if (result != MIGRATE_OK) {
        fprintf(stderr, "frontrowctl: %s\n", error);
        return result == MIGRATE_GONE ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
    }
    printf("schema version %d (%d run now)\n", version, applied);
    return EXIT_DONE;
}
