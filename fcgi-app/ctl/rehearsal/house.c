#include "ctl/rehearsal/house.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "ctl/rehearsal/front.h"
#include "domain/queue/queue.h"
#include "domain/readiness.h"
#include "mysql/schema/migrate.h"

enum { START_MS = 60000, STOP_MS = 20000, LOOK_MS = 100, LOG_END = 2000 };

/* How the run folder's name begins: nothing with another name is ever removed. */
static const char folder_name[] = "/frontrow-rehearsal-";

static int
complain(const char *what)
{
    fprintf(stderr, "frontrowctl: %s\n", what);
    return EXIT_FAILED;
}

/* ---- the run folder and its master ---- */

/* The database tells of the folder before it is there: who is killed leaves nothing untold. */
static int
name_folder(char folder[SHADOW_PATH_SIZE])
{
    const char *parent = getenv("TMPDIR");
    uint64_t number;
    random_fill(&number, sizeof number);
    int length =
        snprintf(folder, SHADOW_PATH_SIZE, "%s%s%016" PRIx64,
                 parent != NULL && parent[0] != '\0' ? parent : "/tmp", folder_name, number);
    if (length >= SHADOW_PATH_SIZE || strpbrk(folder, "'\\") != NULL)
        return complain("TMPDIR is too long, or has a quote");
    return EXIT_DONE;
}

static int
make_folder(const char *folder)
{
    if (mkdir(folder, 0700) == 0)
        return EXIT_DONE;
    perror(folder);
    return EXIT_FAILED;
}

static void
remove_folder(const char *folder)
{
    char path[PATH_MAX];
    DIR *entries = strstr(folder, folder_name) != NULL ? opendir(folder) : NULL;
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(entries);
    if (rmdir(folder) != 0)
        perror(folder);
}

/*
 * The master that runs in a folder; 0: none does. It is known by its lock, as the process id of one
 * that was killed may be somebody else's by now.
 */
static pid_t
find_master(const char *folder)
{
    char path[PATH_MAX], text[32] = "";
    snprintf(path, sizeof path, "%s/frontrow.pid", folder);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return 0;
    bool is_locked = flock(file, LOCK_EX | LOCK_NB) != 0;
    if (is_locked && pread(file, text, sizeof text - 1, 0) < 0)
        text[0] = '\0';
    close(file);
    return (pid_t)strtol(text, NULL, 10);
}

/* One that an earlier rehearsal left. */
static void
end_master_of(const char *folder)
{
    pid_t master = find_master(folder);
    int64_t started = clock_monotonic();
    while (master > 0 && find_master(folder) == master) {
        bool is_late = clock_monotonic() > started + STOP_MS;
        kill(master, is_late ? SIGKILL : SIGTERM);
        usleep(LOOK_MS * 1000);
    }
}

static void
stop_master(struct house *house)
{
    int64_t started = clock_monotonic();
    int status;
    if (house->master == 0)
        return;
    kill(house->master, SIGTERM);
    while (waitpid(house->master, &status, WNOHANG) == 0) {
        if (clock_monotonic() > started + STOP_MS)
            kill(house->master, SIGKILL);
        usleep(LOOK_MS * 1000);
    }
    house->master = 0;
}

/* frontrow of the same build: beside this program, as in a folder where it was built, or installed.
 */
static void
find_program(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 16);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        snprintf(slash, 16, "/frontrow");
    if (slash == NULL || access(path, X_OK) != 0)
        snprintf(path, PATH_MAX, "%s/frontrow", SBIN_DIR);
}

/* The settings in which a rehearsal differs: nobody outside is told of it, and fans are believed.
 */
static void
set_environment(const struct house *house)
{
    char redis_database[16];
    snprintf(redis_database, sizeof redis_database, "%d", (int)house->shadow.redis_database);
    const struct {
        const char *name;
        const char *value;
    } all[] = {
        {"FRONTROW_MYSQL_DATABASE", house->name},
        {"FRONTROW_REDIS_DATABASE", redis_database},
        {"FRONTROW_RUN_DIR", house->shadow.run_dir},
        {"FRONTROW_DRAW_FOLDER", house->shadow.run_dir},
        {"FRONTROW_LISTEN", "127.0.0.1"},
        {"FRONTROW_CALLER", "body"},
        {"FRONTROW_CHARGE", "anyone"},
        {"FRONTROW_ADMIN_KEY_FILE", ""},
        {"FRONTROW_GATEWAY_SECRET_FILE", ""},
        {"FRONTROW_FASTCGI_LISTEN", ""},
        {"FRONTROW_FASTCGI_SECRET_FILE", ""},
        {"FRONTROW_SOCKET_GROUP", ""},
        {"FRONTROW_USER", ""},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        setenv(all[i].name, all[i].value, 1);
}

static void
become_master(const struct house *house, pid_t parent)
{
    char program[PATH_MAX], log[PATH_MAX];
    snprintf(log, sizeof log, "%s/frontrow.log", house->shadow.run_dir);
    find_program(program);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    setpgid(0, 0); /* Ctrl-C is for this program, which then ends that one */
    if (output < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(EXIT_FAILED);
    close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    set_environment(house);
    execl(program, program, "--config", house->ctl->config_path, (char *)NULL);
    perror(program);
    _exit(EXIT_FAILED);
}

static void
show_log(const char *folder)
{
    char path[PATH_MAX], text[LOG_END + 1];
    snprintf(path, sizeof path, "%s/frontrow.log", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    (void)fseek(file, -LOG_END, SEEK_END); /* it fails in a shorter one, which is read as a whole */
    text[fread(text, 1, LOG_END, file)] = '\0';
    fclose(file);
    fputs(text, stderr);
}

/* Whether the workers serve by now; asked at their own sockets. */
static bool
is_serving(const struct house *house)
{
    struct buffer body = {0};
    struct front *front = front_open(house->shadow.run_dir, house->config.sockets);
    bool serves = front != NULL && front_ask(front, "/health/ready", "", &body) == 200 &&
                  strstr(body.data, "\"status\":\"ready\"") != NULL;
    if (front != NULL)
        front_close(front);
    buffer_free(&body);
    return serves;
}

static int
start_master(struct house *house, const volatile sig_atomic_t *is_interrupted)
{
    pid_t parent = getpid();
    int64_t end = clock_monotonic() + START_MS;
    int status;
    house->master = fork();
    if (house->master == 0)
        become_master(house, parent);
    while (house->master > 0 && !is_serving(house)) {
        bool has_ended = waitpid(house->master, &status, WNOHANG) != 0;
        if (has_ended)
            house->master = 0;
        if (has_ended || *is_interrupted || clock_monotonic() > end) {
            show_log(house->shadow.run_dir);
            return complain("the workers of the rehearsal do not serve");
        }
        usleep(LOOK_MS * 1000);
    }
    return house->master > 0 ? EXIT_DONE : complain("no process can be made");
}

/* ---- the databases ---- */

/* Connections to the shadow. */
static void
open_services(struct house *house)
{
    house->config.redis_database = house->shadow.redis_database;
    house->services = services_open(&house->config, NULL);
}

static void
close_services(struct house *house)
{
    if (house->services != NULL)
        services_close(house->services);
    house->services = NULL;
}

/* In this order: as long as the database is there, it says what else may be. */
int
house_remove(struct house *house)
{
    stop_master(house);
    end_master_of(house->shadow.run_dir);
    bool is_erased = house->shadow.redis_database <= 0 || house->services == NULL ||
                     queue_erase(house->services, house->shadow.concert_id);
    close_services(house);
    if (!is_erased)
        return complain("Redis is out of reach: run frontrowctl rehearse --clean-up later");
    remove_folder(house->shadow.run_dir);
    enum db_result result = shadow_drop(house->ctl->services->db, house->name);
    return result == DB_OK ? EXIT_DONE : ctl_database_failed(house->ctl, result);
}

static int
remove_leftovers(struct house *house, enum shadow_state state)
{
    enum db_result result = DB_NONE;
    if (state == SHADOW_OURS) {
        open_services(house);
        result = shadow_read(house->services->db, &house->shadow);
        close_services(house);
    }
    if (result == DB_OK) /* in its own Redis database */
        open_services(house);
    else if (result != DB_NONE)
        return ctl_database_failed(house->ctl, result);
    int status = house_remove(house);
    if (status == EXIT_DONE)
        fprintf(stderr, "frontrowctl: %s, which an earlier rehearsal left, is removed\n",
                house->name);
    house->shadow = (struct shadow){.run_dir = ""};
    return status;
}

int
house_enter(struct house *house, struct ctl *ctl)
{
    enum shadow_state state;
    *house = (struct house){.ctl = ctl, .config = ctl->config};
    if (!shadow_name(ctl->config.mysql_database, house->name) ||
        !text_copy(house->config.mysql_database, CONFIG_TEXT_SIZE, house->name))
        return complain("mysql_database has a name that cannot be lengthened by _rehearsal");
    if (geteuid() == 0 && ctl->config.user[0] != '\0')
        return complain("the workers would run as root: run this as the user of the settings");
    enum db_result result = shadow_lock(ctl->services->db);
    if (result == DB_NONE)
        return complain("another rehearsal is running");
    if (result == DB_OK)
        result = shadow_find(ctl->services->db, house->name, &state);
    if (result != DB_OK)
        return ctl_database_failed(ctl, result);
    if (state == SHADOW_FOREIGN) {
        fprintf(stderr, "frontrowctl: database %s is not a rehearsal's: it is not touched\n",
                house->name);
        return EXIT_FAILED;
    }
    return state == SHADOW_ABSENT ? EXIT_DONE : remove_leftovers(house, state);
}

static int
make_schema(struct house *house)
{
    int version, applied;
    char error[MIGRATE_ERROR_SIZE];
    enum migrate_result result =
        migrate_apply(house->services->db, house->ctl->schema_dir, &version, &applied, error);
    if (result == MIGRATE_OK)
        return EXIT_DONE;
    complain(error);
    return result == MIGRATE_GONE ? EXIT_DEPENDENCY_GONE : EXIT_FAILED;
}

static int
make_databases(struct house *house, int32_t concert_id, int32_t capacity)
{
    struct services *real = house->ctl->services;
    int64_t latency_us;
    house->shadow.concert_id = concert_id;
    house->shadow.redis_database = queue_find_empty_database(real);
    if (house->shadow.redis_database < 0)
        return complain("Redis is out of reach, or none of its 16 databases is empty");
    enum db_result result = shadow_create(real->db, house->name, &house->shadow);
    if (result != DB_OK)
        return ctl_database_failed(house->ctl, result);
    open_services(house);
    if (!readiness_check_redis(house->services, &latency_us))
        return complain("the Redis database of the rehearsal cannot be used");
    int status = make_schema(house);
    if (status != EXIT_DONE)
        return status;
    result =
        shadow_copy(house->services->db, house->ctl->config.mysql_database, concert_id, capacity);
    if (result == DB_OK)
        return EXIT_DONE;
    fprintf(stderr, "frontrowctl: %s\n", db_error_text(house->services->db));
    return EXIT_FAILED;
}

int
house_build(struct house *house, int32_t concert_id, int32_t capacity,
            const volatile sig_atomic_t *is_interrupted)
{
    int status = name_folder(house->shadow.run_dir);
    if (status == EXIT_DONE)
        status = make_databases(house, concert_id, capacity);
    if (status == EXIT_DONE)
        status = make_folder(house->shadow.run_dir);
    return status == EXIT_DONE ? start_master(house, is_interrupted) : status;
}
