#include "server/maintenance.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

bool
maintenance_is_on(const char *run_dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/maintenance", run_dir);
    return access(path, F_OK) == 0;
}
