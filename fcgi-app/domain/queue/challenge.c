#include "domain/queue/challenge.h"

#include <assert.h>

#include "base/config.h"
#include "base/random.h"
#include "base/voucher.h"
#include "domain/queue/queue_rebuild.h"
#include "redis/queue/proof_store.h"

/*
 * How long one may work on a challenge, and for how long tokens are counted. A phone takes two
 * seconds at most (docs/performance.md); one that was asleep meanwhile asks for another.
 */
enum { LIFE_S = 60, LIFE_MS = LIFE_S * 1000 };
static_assert((int)VOUCHER_LIFE_S <= (int)LIFE_S, "none is used twice");

/* From so many tokens in that time on, a bit more is asked for: twice the work. */
enum { BITS_MIN = 12, STEPS = 3 };
static const int64_t steps[STEPS] = {60, 600, 6000};

/*
 * How many tokens others may have got meanwhile: a step more than when the challenge was handed out
 * is forgiven, so that few have to solve two; nobody works through a rush on an easy one.
 */
static int64_t
find_limit(int32_t bits)
{
    int32_t next = bits > BITS_MIN ? bits - BITS_MIN + 1 : 1;
    return next < STEPS ? steps[next] : INT64_MAX;
}

enum error
challenge_make(struct services *services, const struct concert *concert,
               struct challenge *challenge, struct problem *problem)
{
    int64_t count;
    *challenge = (struct challenge){.bits = BITS_MIN};
    if (!concert->challenged)
        return ERROR_NONE;
    enum queue_answer answer =
        proof_store_count(services->redis, concert->concert_id, LIFE_MS, &count);
    if (answer != QUEUE_OK)
        return queue_refuse(problem, answer);
    for (size_t i = 0; i < STEPS; i++)
        challenge->bits += count >= steps[i];
    int64_t expires_s = concert->now / 1000 + LIFE_S;
    challenge->expires_at = expires_s * 1000;
    proof_write_challenge(
        concert->challenge_key,
        &(struct proof_challenge){concert->concert_id, challenge->bits, expires_s},
        challenge->text);
    return ERROR_NONE;
}

/* Any of the gateway's secrets will do. */
static bool
is_vouched_for(const struct services *services, const struct concert *concert, const char *user_id,
               const char *voucher, uint8_t name[PROOF_NAME_BYTES])
{
    for (size_t i = 0; i < CONFIG_SECRETS; i++) {
        const char *secret = services->config->voucher_secrets[i];
        if (*secret != '\0' && voucher_is_good(secret, concert->concert_id, user_id,
                                               concert->now / 1000, voucher, name))
            return true;
    }
    return false;
}

/* Looks at it without Redis. */
static enum error
read_proof(const struct services *services, const struct concert *concert, const char *user_id,
           const char *proof, struct proof_solution *solution, struct problem *problem)
{
    if (*proof == '\0')
        return refuse(problem, ERROR_CHALLENGE_REQUIRED);
    if (voucher_is_one(proof)) {
        solution->bits = PROOF_BITS_MAX; /* there is nothing to solve that could be too easy */
        if (is_vouched_for(services, concert, user_id, proof, solution->name))
            return ERROR_NONE;
        return refuse_because(problem, ERROR_CHALLENGE_REQUIRED,
                              "The gateway's voucher has expired, or is not for this user here");
    }
    enum proof_verdict verdict = proof_read(concert->challenge_key, concert->concert_id,
                                            concert->now / 1000, proof, solution);
    if (verdict == PROOF_GOOD)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_CHALLENGE_REQUIRED, "%s", proof_verdict_text(verdict));
}

enum error
challenge_require(struct services *services, const struct concert *concert, const char *user_id,
                  const char *proof, struct problem *problem)
{
    struct proof_solution solution;
    if (!concert->challenged)
        return ERROR_NONE;
    if (read_proof(services, concert, user_id, proof, &solution, problem) != ERROR_NONE)
        return problem->error;
    enum queue_answer answer = proof_store_spend(services->redis, concert->concert_id,
                                                 solution.name, LIFE_MS, find_limit(solution.bits));
    if (answer == QUEUE_ENDED)
        return refuse_because(problem, ERROR_CHALLENGE_REQUIRED, "The proof was used already");
    if (answer == QUEUE_FULL)
        return refuse_because(problem, ERROR_CHALLENGE_REQUIRED,
                              "Many came meanwhile: the challenge was too easy");
    return answer == QUEUE_OK ? ERROR_NONE : queue_refuse(problem, answer);
}

void
challenge_change(const struct concert *before, struct concert *after)
{
    if (!after->challenged || before->challenged)
        return;
    random_fill(after->challenge_key, PROOF_KEY_BYTES);
}
