/* domain/effect: several calls at once, as far as they come without MySQL. */
#include <CUnit/CUnit.h>

#include "base/config.h"
#include "base/shared.h"
#include "domain/effect.h"
#include "suites.h"

static struct shared shared;
static struct occupancy_slot *colleague;

static bool
is_free(const char *user)
{
    bool entered = occupancy_enter(&shared.occupancy, colleague, user, 1);
    if (entered)
        occupancy_leave(colleague);
    return entered;
}

static enum db_result
refuse_first(struct services *services, struct effect_group *group)
{
    (void)services;
    CU_ASSERT_FALSE(is_free("refused"));
    refuse(&group->calls[0]->problem, ERROR_SEAT_TAKEN);
    group->calls[0]->course = EFFECT_REFUSED;
    return DB_RETRY; /* the others' transaction does not begin */
}

static void
note_refusal(struct effect_call *call)
{
    int *told = call->listener;
    (*told)++;
    CU_ASSERT_TRUE(is_free("refused"));
    CU_ASSERT_FALSE(is_free("other"));
}

static void
who_is_refused_early_is_not_counted_on(void)
{
    static const struct effect_batch batch = {.gather = effect_gather_all,
                                              .precheck = refuse_first};
    static struct config config;
    int told = 0;
    struct effect_call calls[] = {
        {.effect = {.caller = "refused"}, .refused = note_refusal, .listener = &told},
        {.effect = {.caller = "other"}, .refused = note_refusal, .listener = &told},
    };
    struct services *services = services_open(&config, &shared);
    colleague = occupancy_take(&shared.occupancy);
    effect_apply_together(services, &batch, calls, 2);
    services_close(services);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(calls[0].course, EFFECT_REFUSED);
    CU_ASSERT_EQUAL(calls[1].course, EFFECT_ALONE);
}

void
suite_effect(void)
{
    CU_pSuite suite = CU_add_suite("effect", NULL, NULL);
    CU_add_test(suite, "who is refused early is not counted on",
                who_is_refused_early_is_not_counted_on);
}
