/* frontrowctl operator add|list|revoke */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/organiser/operator.h"

static void
describe(const struct operator_account *account, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_string(&json, "name", account->name);
    json_write_string(&json, "role", operator_role_name(account->role));
    json_end_object(&json);
}

/* A name that is too long is none: what is left of it is refused, as is "". */
static struct operator_change
change_of(const struct ctl *ctl)
{
    struct operator_change change = {.actor = "ctl", .describe = describe};
    if (!text_copy(change.account.name, sizeof change.account.name, ctl->argument))
        change.account.name[0] = '\0';
    return change;
}

/* The only time that anybody sees it. */
static void
render_key(const void *state, struct buffer *body)
{
    buffer_text(body, ((const struct operator_change *)state)->key);
}

int
ctl_operator_add(struct ctl *ctl)
{
    struct operator_change change = change_of(ctl);
    struct effect effect = {
        .state = &change,
        .execute = operator_add_execute,
        .was_committed = operator_add_was_committed,
        .render = render_key,
    };
    change.account.role = ctl->role != NULL ? operator_role_by_name(ctl->role) : ROLE_NONE;
    if (change.account.role != ROLE_NONE)
        return ctl_apply(ctl, &effect);
    fputs("frontrowctl: --role must be viewer, gate, seller or manager\n", stderr);
    return EXIT_USAGE;
}

static void
render_revoked(const void *state, struct buffer *body)
{
    buffer_format(body, "revoked %s", ((const struct operator_change *)state)->account.name);
}

int
ctl_operator_revoke(struct ctl *ctl)
{
    struct operator_change change = change_of(ctl);
    struct effect effect = {
        .state = &change,
        .execute = operator_revoke_execute,
        .was_committed = operator_revoke_was_committed,
        .render = render_revoked,
    };
    return ctl_apply(ctl, &effect);
}

static void
print_operator(const struct operator_account *account, int64_t created_at)
{
    char since[CLOCK_TEXT_SIZE];
    clock_format(created_at, since);
    printf("%-8s  %s  %s\n", operator_role_name(account->role), since, account->name);
}

int
ctl_operator_list(struct ctl *ctl)
{
    struct problem problem;
    printf("%-8s  %-24s  %s\n", "role", "since", "name");
    if (operator_visit_all(ctl->services, print_operator, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}
