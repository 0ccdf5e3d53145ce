#include "api/api.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "api/input.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/books/census_take.h"
#include "domain/concert/concert_list.h"
#include "domain/organiser/operator.h"
#include "domain/queue/queue.h"

void *
api_start(const struct config *config, struct shared *shared)
{
    return services_open(config, shared);
}

bool
api_probe(void *services)
{
    bool has_news = queue_tell(services);
    bool takes_census = census_refresh(services);
    return services_probe(services) || concert_list_refresh(services) || has_news || takes_census;
}

enum error
api_find_operator(void *services, const char *key, struct operator_account *account,
                  struct problem *problem)
{
    return operator_find(services, key, account, problem);
}

void
api_stop(void *services)
{
    while (queue_tell(services))
        continue;
    services_close(services);
}

struct services
api_with_long_time_outs(const struct services *services, const struct request *request)
{
    /* the answer to a change that was made is read, however long it takes */
    return services_for_operator(services,
                                 request->method == METHOD_GET ? request->deadline : INT64_MAX);
}

enum { ASIDE_SIZE = HALL_NAME_SIZE > 12 * SEATS_AT_ONCE ? HALL_NAME_SIZE : 12 * SEATS_AT_ONCE };

/*
 * What a call says in its query beside the userId, as it is understood: the name of a hall, whose
 * file has no NUL, or the seats that go back. Returns how long it is; 0: nothing.
 */
static size_t
write_aside(const struct request *request, char text[ASIDE_SIZE])
{
    const struct input *input = request->input;
    size_t length = 0;
    if (input == NULL)
        return 0;
    if (input->hall_name[0] != '\0')
        return (size_t)snprintf(text, ASIDE_SIZE, "%s", input->hall_name);
    for (size_t i = 0; i < input->seats.count && request->method == METHOD_DELETE; i++)
        length +=
            (size_t)snprintf(text + length, ASIDE_SIZE - length, "%d,", (int)input->seats.ids[i]);
    return length;
}

/* SHA-256 of method, path and raw body, with their lengths kept apart by NULs. */
static void
take_fingerprint(const struct request *request, uint8_t fingerprint[FINGERPRINT_BYTES])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    char aside[ASIDE_SIZE] = "";
    size_t length = write_aside(request, aside);
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(digest, request->method_name, strlen(request->method_name) + 1) != 1 ||
        EVP_DigestUpdate(digest, request->path, strlen(request->path) + 1) != 1 ||
        EVP_DigestUpdate(digest, request->body, request->body_length) != 1 ||
        EVP_DigestUpdate(digest, "", length > 0 ? 1 : 0) != 1 ||
        EVP_DigestUpdate(digest, aside, length > 0 ? length + 1 : 0) != 1 ||
        EVP_DigestFinal_ex(digest, fingerprint, NULL) != 1)
        log_abort("OpenSSL failed");
    EVP_MD_CTX_free(digest);
}

/* Whose the effect is, with which key, and until when. */
static void
complete_effect(const struct request *request, struct effect *effect)
{
    effect->caller = is_by_operator(request) ? request->key_owner : request->caller;
    effect->key = request->idempotency_key;
    effect->deadline = request->deadline;
    if (effect->key != NULL)
        take_fingerprint(request, effect->fingerprint);
}

bool
api_apply(struct services *services, const struct request *request, struct effect *effect,
          struct response *response)
{
    struct problem problem;
    queue_tell_done(services);
    complete_effect(request, effect);
    services->deadline = request->deadline;
    enum error error =
        effect_apply(services, effect, &response->body, &response->replayed, &problem);
    if (error == ERROR_NONE)
        return !response->replayed;
    response_problem(response, &problem);
    return false;
}

static void
send_refusal(struct effect_call *effect_call)
{
    struct call *call = effect_call->listener;
    response_problem(call->response, &effect_call->problem);
    call->answered = true;
    call->send(call);
}

void
api_apply_together(struct services *services, const struct effect_batch *batch, struct call *calls,
                   const struct effect *effects, size_t count)
{
    struct effect_call together[CALLS_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        together[i] = (struct effect_call){.effect = effects[i],
                                           .body = &calls[i].response->body,
                                           .refused = send_refusal,
                                           .listener = &calls[i]};
        complete_effect(calls[i].request, &together[i].effect);
    }
    services->deadline = calls[0].request->deadline; /* it came first */
    effect_apply_together(services, batch, together, count);
    for (size_t i = 0; i < count; i++) {
        if (calls[i].answered)
            continue;
        if (together[i].course == EFFECT_REFUSED)
            response_problem(calls[i].response, &together[i].problem);
        calls[i].answered = together[i].course != EFFECT_ALONE;
    }
}

const char *
api_token(const struct request *request)
{
    if (request->queue_token != NULL)
        return request->queue_token;
    return request->input->token[0] != '\0' ? request->input->token : NULL;
}

void
api_hash(const char *bytes, size_t length, char text[API_HASH_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
    hex_write(digest, (API_HASH_SIZE - 1) / 2, text);
}

void
api_finish_public(struct response *response, struct json *json, int64_t now, int64_t started_us)
{
    char hash[API_HASH_SIZE];
    api_hash(response->body.data, response->body.length, hash);
    json_write_instant(json, "now", now);
    json_end_object(json);
    api_cache_public(response, hash, started_us);
}

void
api_cache_public(struct response *response, const char hash[API_HASH_SIZE], int64_t started_us)
{
    snprintf(response->etag, sizeof response->etag, "\"%s\"", hash);
    int64_t kept = (clock_monotonic_us() - started_us) * 20 / 1000000;
    response->cache_seconds = kept > 1 ? (int)kept : 1;
}

bool
api_redirect(const struct request *request, const char *argument, struct response *response)
{
    if (request->redirects == NULL || strcmp(request->query, argument) == 0)
        return false;
    snprintf(response->redirect, sizeof response->redirect, "%s%s%s", request->path,
             *argument != '\0' ? "?" : "", argument);
    return true;
}

void
api_write_page(struct response *response, const struct page *page)
{
    bool more = page->count > (size_t)page->limit;
    size_t count = more ? (size_t)page->limit : page->count;
    int64_t last = 0;
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_begin_array(&json, page->name);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json, NULL);
        last = page->write(&json, page->rows, i);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_write_optional_integer(&json, "next", more, last);
    if (page->now != CLOCK_NEVER)
        json_write_instant(&json, "now", page->now);
    json_end_object(&json);
}
