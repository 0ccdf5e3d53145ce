#include "server/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* The user's own group stays, for secrets that it may read; what is made belongs to `group`. */
static bool
become_user(const char *run_dir, const struct passwd *entry, gid_t group)
{
    if (chown(run_dir, entry->pw_uid, group) == 0 &&
        initgroups(entry->pw_name, entry->pw_gid) == 0 && setgid(group) == 0 &&
        setuid(entry->pw_uid) == 0)
        return true;
    log_error("user: %s: %s", entry->pw_name, strerror(errno));
    return false;
}

bool
rundir_prepare(const struct config *config, gid_t *group)
{
    const struct passwd *user = NULL;
    *group = getegid();
    if (geteuid() == 0 && config->user[0] != '\0') {
        user = getpwnam(config->user);
        if (user == NULL) {
            log_error("user: there is no user %s", config->user);
            return false;
        }
        *group = user->pw_gid;
    }
    if (config->socket_group[0] != '\0') {
        const struct group *entry = getgrnam(config->socket_group);
        if (entry == NULL) {
            log_error("socket_group: there is no group %s", config->socket_group);
            return false;
        }
        *group = entry->gr_gid;
    }
    if (mkdir(config->run_dir, 0755) != 0 && errno != EEXIST) {
        log_error("run_dir: %s: %s", config->run_dir, strerror(errno));
        return false;
    }
    return user == NULL || become_user(config->run_dir, user, *group);
}

static void
write_path(const char *run_dir, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/frontrow.pid", run_dir);
}

/* A master that ends removes its file: the lock may be on a file that has no name any more. */
static bool
is_still_there(const char *path, int file)
{
    struct stat named, opened;
    return stat(path, &named) == 0 && fstat(file, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

/* A master that was just killed holds the lock for a moment longer. */
static bool
lock_in_time(int file)
{
    for (int tries = 0; tries < 20; tries++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0)
            return true;
        usleep(50000);
    }
    return false;
}

/* Opens the pid file and takes its lock; -1 with the reason in the log. */
static int
open_locked(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        log_error("%s: %s", path, strerror(errno));
        return -1;
    }
    if (lock_in_time(file))
        return file;
    char owner[32] = "";
    ssize_t length = pread(file, owner, sizeof owner - 1, 0);
    owner[length > 0 ? strcspn(owner, "\n") : 0] = '\0';
    log_error("%s: another frontrow runs here, process %s", path, owner);
    close(file);
    return -1;
}

int
rundir_lock(const char *run_dir)
{
    char path[PATH_MAX];
    write_path(run_dir, path);
    int file = open_locked(path);
    while (file >= 0 && !is_still_there(path, file)) {
        close(file);
        file = open_locked(path);
    }
    if (file < 0)
        return file;
    char text[32];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(file, 0) == 0 && pwrite(file, text, (size_t)length, 0) == length)
        return file;
    log_error("%s: %s", path, strerror(errno));
    close(file);
    return -1;
}

void
rundir_unlock(const char *run_dir)
{
    char path[PATH_MAX];
    write_path(run_dir, path);
    unlink(path);
}

bool
rundir_is_in_maintenance(const char *run_dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/maintenance", run_dir);
    return access(path, F_OK) == 0;
}
