/*
 * fuzz_request: a whole request, from what nginx passes on to the answer: FastCGI parameters, body,
 * route, checks, fields. Only the handlers are not run: in their place stands what a handler may
 * rely on.
 *
 * The input begins with a line of letters: `h` is caller = header, `j` is caller = jwt, `g` a
 * gateway with a secret, `b` a body that breaks off, `s` one that comes in small pieces. Then a
 * line for each parameter, "NAME=value", an empty line, and the body.
 */
#include <fcgiapp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "base/config.h"
#include "base/log.h"
#include "domain/services.h"
#include "fuzz.h"
#include "fuzz_input.h"
#include "identity/key_set.h"
#include "identity/verifier.h"
#include "server/http.h"
#include "server/metrics.h"
#include "server/router.h"

#define ADMIN_KEY "the key of the operators"
#define TOKEN_USER "tilda"

enum { PARAMETERS = 40, PIECE = 7, ROUTES = 96 };

/* nginx' side of a request. */
struct peer {
    FCGX_Request connection;
    FCGX_Stream in, out, err;
    char *parameters[PARAMETERS + 1];
    const char *sent; /* the whole body */
    size_t sent_length;
    const char *body; /* what is left of it */
    size_t body_left;
    size_t piece;
    bool breaks_off;
    unsigned char room[512]; /* of the answer, before it is taken */
    struct buffer answer;
};

/* ---- libfcgi's streams, without a socket ---- */

static void
give_body(FCGX_Stream *in)
{
    struct peer *peer = in->data;
    size_t length = peer->body_left < peer->piece ? peer->body_left : peer->piece;
    if (length == 0) {
        in->isClosed = 1;
        in->FCGI_errno = peer->breaks_off ? FCGX_PROTOCOL_ERROR : 0;
        return;
    }
    in->rdNext = (unsigned char *)peer->body;
    in->stop = in->rdNext + length;
    peer->body += length;
    peer->body_left -= length;
}

static void
take_answer(FCGX_Stream *out, int close)
{
    struct peer *peer = out->data;
    (void)close;
    buffer_append(&peer->answer, peer->room, (size_t)(out->wrNext - peer->room));
    out->wrNext = peer->room;
    out->stop = peer->room + sizeof peer->room;
}

static void
take_nothing(FCGX_Stream *err, int close)
{
    (void)err;
    (void)close;
}

static void
set_up(struct peer *peer, char *text, size_t size)
{
    char *rest = text;
    const char *letters = fuzz_cut(&rest, "\n");
    char *parameters = rest;
    fuzz_cut(&rest, "\n\n");
    size_t length = size - (size_t)(rest - text);
    *peer = (struct peer){.sent = rest,
                          .sent_length = length,
                          .body = rest,
                          .body_left = length,
                          .piece = strchr(letters, 's') != NULL ? PIECE : size,
                          .breaks_off = strchr(letters, 'b') != NULL};
    for (int i = 0; i < PARAMETERS && *parameters != '\0'; i++)
        peer->parameters[i] = fuzz_cut(&parameters, "\n");
    peer->in = (FCGX_Stream){.isReader = 1, .data = peer, .fillBuffProc = give_body};
    peer->out = (FCGX_Stream){.data = peer,
                              .emptyBuffProc = take_answer,
                              .wrNext = peer->room,
                              .stop = peer->room + sizeof peer->room};
    peer->err = (FCGX_Stream){.emptyBuffProc = take_nothing};
    peer->connection = (FCGX_Request){
        .in = &peer->in, .out = &peer->out, .err = &peer->err, .envp = peer->parameters};
}

/* ---- what a handler may rely on ---- */

static const struct route *route;

static void
require_caller(const struct services *services, const struct request *request)
{
    const char *stated = request->input != NULL ? request->input->user_id : "";
    bool is_user = route->who == WHO_CALLER || route->who == WHO_CALLER_OR_ADMIN;
    bool by_operator = request->account.name[0] != '\0';
    fuzz_require_text(request->caller, sizeof request->caller);
    if (is_user)
        REQUIRE(is_user_id(request->caller));
    if (*stated != '\0' && route->who != WHO_ADMIN)
        REQUIRE(strcmp(request->caller, stated) == 0);
    if (!is_user && route->who != WHO_TOKEN)
        REQUIRE(request->caller[0] == '\0');
    else if (config_takes_tokens(services->config) && !by_operator)
        REQUIRE(strcmp(request->caller, TOKEN_USER) == 0); /* the only token that was ever signed */
    else if (!config_trusts_body(services->config) && !by_operator)
        REQUIRE(strcmp(request->caller, request->user_header) == 0);
    if (route->who == WHO_TOKEN)
        REQUIRE(request->queue_token != NULL && request->queue_token[0] != '\0');
    if (route->who == WHO_ADMIN || by_operator)
        REQUIRE(strstr(request->authorization, ADMIN_KEY) != NULL);
    if (by_operator)
        REQUIRE(route->who == WHO_CALLER_OR_ADMIN || route->who == WHO_ADMIN);
}

static void
require_key(const char *key)
{
    size_t length = key != NULL ? strlen(key) : 1;
    REQUIRE(key == NULL || route->keyed);
    REQUIRE(length >= 1 && length <= 64);
    for (size_t i = 0; key != NULL && i < length; i++)
        REQUIRE(key[i] > ' ' && key[i] <= '~');
}

static void
require_body(const struct request *request)
{
    size_t limit = route->body_limit > 0 ? route->body_limit : 16384;
    if (route->method != METHOD_POST && route->method != METHOD_PATCH)
        return;
    REQUIRE(request->body_length <= limit);
    REQUIRE(request->body[request->body_length] == '\0');
    REQUIRE(strncasecmp(request->content_type, "application/json", 16) == 0);
    fuzz_require_json(request->body, request->body_length);
}

static void
handle(void *services, const struct request *request, struct response *response)
{
    REQUIRE(request->method == route->method);
    for (int i = 0; i < PATH_IDS; i++)
        REQUIRE(request->ids[i] >= 0);
    require_caller(services, request);
    require_key(request->idempotency_key);
    require_body(request);
    REQUIRE((request->input != NULL) == (route->fields != NULL));
    if (route->fields != NULL)
        fuzz_require_input(route, request->input);
    buffer_text(&response->body, "{}");
}

static struct router *router;

static void
free_router(void)
{
    router_free(router);
}

static void
create_router(void)
{
    static struct route routes[ROUTES], own;
    own = metrics_route;
    own.handle = handle;
    REQUIRE(api_route_count <= ROUTES);
    for (size_t i = 0; i < api_route_count; i++) {
        routes[i] = api_routes[i];
        routes[i].handle = handle;
    }
    router = router_create(routes, api_route_count, &own, 1);
    if (atexit(free_router) != 0)
        abort();
}

static struct verifier *verifier;
static struct key_set *keys;

static void
free_verifier(void)
{
    verifier_free(verifier);
    key_set_free(keys);
}

/* With the key of RFC 8037, A.2, by which the tokens in the corpus are signed. */
static void
create_verifier(const struct config *config)
{
    static const char jwks[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                               "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    char error[CONFIG_ERROR_SIZE];
    struct fuzz_file file = fuzz_file_create();
    fuzz_file_write(&file, jwks, sizeof jwks - 1);
    keys = key_set_read(file.path, error);
    REQUIRE(keys != NULL);
    verifier = verifier_create(config, keys, 4);
    if (atexit(free_verifier) != 0)
        abort();
}

/* What was read of the body is all that was sent. */
static void
require_whole(const struct peer *peer, const struct request *request)
{
    REQUIRE(request->body_length == 0 ||
            (request->body_length == peer->sent_length &&
             memcmp(request->body, peer->sent, peer->sent_length) == 0));
}

/* ---- the answer ---- */

static void
require_answer(const struct peer *peer, const struct exchange *exchange)
{
    struct buffer answer = peer->answer;
    const struct response *response = &exchange->response;
    buffer_text(&answer, "");
    char *rest = answer.data;
    char *head = fuzz_cut(&rest, "\r\n\r\n");
    size_t length = answer.length - (size_t)(rest - answer.data);
    REQUIRE(length == (exchange->request.head_only ? 0 : response->body.length));
    REQUIRE(response->status < 500 && strncmp(head, "Status: ", 8) == 0);
    while (*head != '\0') {
        const char *line = fuzz_cut(&head, "\r\n");
        fuzz_require_line(line);
        REQUIRE(strstr(line, ": ") != NULL);
    }
    if (response->status != 204)
        fuzz_require_json(response->body.data, response->body.length);
    buffer_free(&answer);
}

/* There is no table to ask: the key of the settings is the only one. */
static enum error
find_nobody(void *services, const char *key, struct operator_account *account,
            struct problem *problem)
{
    (void)services;
    (void)key;
    (void)account;
    return refuse(problem, ERROR_UNAUTHORIZED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config = {.run_dir = "/nonexistent",
                                   .admin_key = ADMIN_KEY,
                                   .jwt_issuer = "issuer",
                                   .jwt_audience = "shop",
                                   .jwt_user = "sub"};
    static const struct application application = {
        .read_input = api_read_input, .free_input = api_free_input, .find_operator = find_nobody};
    if (router == NULL) {
        create_router();
        create_verifier(&config);
    }
    log_set_level(LOG_LEVEL_ERROR);
    struct peer peer;
    struct exchange exchange = {0};
    struct services services = {.config = &config};
    char *text = fuzz_copy(data, size);
    set_up(&peer, text, size);
    snprintf(config.gateway_secrets[0], sizeof config.gateway_secrets[0], "%s",
             strchr(text, 'g') != NULL ? "the secret of the gateway" : "");
    snprintf(config.caller, sizeof config.caller, "%s",
             strchr(text, 'h') != NULL   ? "header"
             : strchr(text, 'j') != NULL ? "jwt"
                                         : "body");
    const struct request_env env = {.config = &config,
                                    .verifier = verifier,
                                    .application = &application,
                                    .services = &services,
                                    .own_services = &services,
                                    .read_body = http_read_body,
                                    .source = &exchange};
    http_begin(&exchange, &peer.connection);
    struct match match = router_match(router, &exchange.request);
    route = match.route;
    if (router_admit(&match, &env, &exchange.request, &exchange.response))
        router_handle(router, &match, &env, &exchange.request, &exchange.response);
    router_end(&env, &exchange.request);
    require_whole(&peer, &exchange.request);
    REQUIRE(http_send(&exchange));
    require_answer(&peer, &exchange);
    http_free(&exchange);
    free(text);
    return 0;
}
