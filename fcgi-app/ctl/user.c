/* frontrowctl user erase */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "ctl/ctl.h"
#include "domain/organiser/user_erase.h"

static void
print_counts(const struct erase_counts *counts)
{
    printf("%" PRId64 " reservations, %" PRId64 " paid ones to come, %" PRId64
           " live holds; %" PRId64 " entries of the ledger, balance %" PRId64 "\n",
           counts->orders, counts->to_come, counts->holds, counts->entries, counts->balance);
}

static void
describe(const char *name, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", name);
    json_end_object(&json);
}

static int
erase(struct ctl *ctl, struct user_erase *erase)
{
    struct problem problem;
    enum error error = user_erase_run(ctl->services, erase, &problem);
    buffer_free(&erase->new_values);
    if (error == ERROR_NONE) {
        printf("erased: %" PRId64 " rows; the name is now %s\n", erase->rows, erase->name);
        return EXIT_DONE;
    }
    int status = ctl_refused(&problem);
    if (error == ERROR_NOT_CANCELLABLE)
        fputs("frontrowctl: refund or adjust them first, or use --forfeit\n", stderr);
    return status;
}

int
ctl_user_erase(struct ctl *ctl)
{
    struct user_erase state = {
        .user_id = ctl->argument, .actor = "ctl", .forfeits = ctl->forfeit, .describe = describe};
    struct problem problem;
    if (!is_user_id(ctl->argument)) {
        fprintf(stderr, "frontrowctl: %s is no userId\n", ctl->argument);
        return EXIT_USAGE;
    }
    if (user_erase_look(ctl->services, &state, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    print_counts(&state.counts);
    fflush(stdout);
    if (ctl->yes && !ctl->dry_run)
        return erase(ctl, &state);
    puts("nothing was changed: use --yes to erase the name for ever");
    return EXIT_DONE;
}
