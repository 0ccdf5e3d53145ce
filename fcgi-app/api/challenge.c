/* GET /concert/{concert}/challenge */
#include "domain/queue/challenge.h"
#include "api/api.h"
#include "api/handlers.h"
#include "base/clock.h"

void
challenge_show(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    int64_t started_us = clock_monotonic_us();
    struct concert concert;
    struct challenge challenge;
    struct problem problem;
    all->deadline = request->deadline;
    enum error error = concert_find(all->db, (int32_t)request->ids[0], &concert, &problem);
    if (error == ERROR_NONE)
        error = challenge_make(all, &concert, &challenge, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", concert.concert_id);
    json_write_optional_string(&json, "challenge", challenge.text);
    json_write_optional_integer(&json, "puzzles", concert.challenged, PROOF_PUZZLES);
    json_write_optional_integer(&json, "bits", concert.challenged, challenge.bits);
    json_write_instant(&json, "expiresAt", concert.challenged ? challenge.expires_at : CLOCK_NEVER);
    api_finish_public(response, &json, concert.now, started_us);
}
