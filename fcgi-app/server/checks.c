#include "server/checks.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/config.h"
#include "identity/verifier.h"
#include "server/rundir.h"

enum {
    DEFAULT_BODY_LIMIT = 16384,
    IDEMPOTENCY_KEY_MAX = 64,
};

/* One request on its way through the steps. */
struct check {
    const struct request_env *env;
    const struct route *route;
    struct request *request;
    struct response *response;
    char stated_user[USER_ID_SIZE]; /* the userId that the client named, "" if none */
};

static bool
reject(struct check *check, enum error error, const char *detail)
{
    response_error(check->response, error, detail == NULL ? NULL : "%s", detail);
    return false;
}

static bool
check_maintenance(struct check *check)
{
    if (check->route->method == METHOD_GET || check->route->who == WHO_ADMIN ||
        !rundir_is_in_maintenance(check->env->config->run_dir))
        return true;
    struct problem problem;
    refuse_maintenance(&problem);
    response_problem(check->response, &problem);
    return false;
}

/* Takes as long for a wrong key as for the right one, whatever they have in common. */
static bool
equals_secret(const char *given, const char *secret)
{
    size_t given_length = strlen(given);
    size_t length = strlen(secret);
    unsigned difference = given_length != length;
    for (size_t i = 0; i < given_length; i++)
        difference |= (unsigned char)given[i] ^ (unsigned char)secret[length > 0 ? i % length : 0];
    return difference == 0;
}

/* Without secrets nobody needs one. All are compared, whichever is the right one. */
static bool
proves_identity(const char secrets[CONFIG_SECRETS][CONFIG_TEXT_SIZE], const char *given)
{
    bool proved = *secrets[0] == '\0';
    for (int i = 0; i < CONFIG_SECRETS && given != NULL; i++)
        proved |= *secrets[i] != '\0' && equals_secret(given, secrets[i]);
    return proved;
}

/* By TCP anybody may connect, and would be believed what nginx says of its clients. */
static bool
check_web_server(struct check *check)
{
    return proves_identity(check->env->config->fastcgi_secrets, check->request->front_secret) ||
           reject(check, ERROR_FORBIDDEN, "the web server did not prove its identity");
}

static const char *
skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/*
 * Who stands before the workers must say so: a web server that knows no operators has none. From a
 * gate only its own calls come, whatever the key may do elsewhere.
 */
static bool
check_operators_address(struct check *check)
{
    const struct route *route = check->route;
    bool is_gates =
        route->who == WHO_ADMIN && (route->role == ROLE_GATE || route->role == ROLE_ANY);
    return (route->who != WHO_ADMIN && route->who != WHO_LOCAL) || check->request->from_operator ||
           (is_gates && check->request->from_gate) ||
           reject(check, ERROR_FORBIDDEN, "calls from this address are not allowed here");
}

static bool
reject_header(struct check *check, const char *header, const char *detail)
{
    struct problem problem;
    refuse_field(&problem, header, "%s", detail);
    response_problem(check->response, &problem);
    return false;
}

/* What a request has as "Authorization: Bearer"; NULL: nothing. */
static const char *
bearer_of(const struct request *request)
{
    static const char scheme[] = "Bearer ";
    const char *given = request->authorization;
    return given != NULL && strncasecmp(given, scheme, sizeof scheme - 1) == 0
               ? skip_blanks(given + sizeof scheme - 1)
               : NULL;
}

/* Settles request->account, and whose its Idempotency-Keys are. */
static enum error
find_operator(struct check *check, struct problem *problem)
{
    const struct request_env *env = check->env;
    struct request *request = check->request;
    const char *key = bearer_of(request), *admin_key = env->config->admin_key;
    if (key == NULL)
        return refuse_because(problem, ERROR_UNAUTHORIZED, "an operator's key is needed");
    if (*admin_key != '\0' && equals_secret(key, admin_key)) {
        request->account = (struct operator_account){ADMIN_NAME, ROLE_MANAGER};
        return ERROR_NONE;
    }
    enum error error =
        env->application->find_operator(env->services, key, &request->account, problem);
    if (error == ERROR_NONE)
        snprintf(request->key_owner, sizeof request->key_owner, "/%s", request->account.name);
    return error;
}

/* A seller sees what a viewer does; who lets people in does nothing else. */
static bool
check_role(struct check *check)
{
    enum role role = check->request->account.role, needed = check->route->role;
    return role == ROLE_MANAGER || role == needed ||
           (role == ROLE_SELLER && needed == ROLE_VIEWER) ||
           (role != ROLE_NONE && needed == ROLE_ANY) ||
           reject(check, ERROR_FORBIDDEN, "the role of this operator does not allow this");
}

static bool
check_operators_key(struct check *check)
{
    struct problem problem = {0};
    if (check->route->who != WHO_ADMIN)
        return true;
    if (find_operator(check, &problem) == ERROR_NONE)
        return check_role(check);
    response_problem(check->response, &problem);
    return false;
}

/* "application/json", and no parameter but charset=utf-8. */
static bool
is_json_type(const char *type)
{
    static const char json[] = "application/json";
    static const char *const charsets[] = {"charset=utf-8", "charset=\"utf-8\""};
    if (type == NULL || strncasecmp(type, json, sizeof json - 1) != 0)
        return false;
    type = skip_blanks(type + sizeof json - 1);
    while (*type == ';') {
        type = skip_blanks(type + 1);
        for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++) {
            if (strncasecmp(type, charsets[i], strlen(charsets[i])) == 0) {
                type = skip_blanks(type + strlen(charsets[i]));
                break;
            }
        }
    }
    return *type == '\0';
}

static bool
has_body(const struct route *route)
{
    return route->method == METHOD_POST || route->method == METHOD_PATCH;
}

/* With any parameters: who reads a file finds out what its bytes are. */
static bool
is_file_type(const char *type, const char *file_type)
{
    size_t length = strlen(file_type);
    if (type == NULL || strncasecmp(type, file_type, length) != 0)
        return false;
    type = skip_blanks(type + length);
    return *type == '\0' || *type == ';';
}

static bool
check_content_type(struct check *check)
{
    const char *type = check->request->content_type, *file_type = check->route->file_type;
    if (!has_body(check->route) || is_json_type(type) ||
        (file_type != NULL && is_file_type(type, file_type)))
        return true;
    response_error(check->response, ERROR_UNSUPPORTED_MEDIA_TYPE,
                   "the body must be application/json in UTF-8%s%s",
                   file_type != NULL ? ", or " : "", file_type != NULL ? file_type : "");
    return false;
}

static bool
read_body(struct check *check)
{
    const struct request_env *env = check->env;
    if (!has_body(check->route))
        return true;
    size_t limit = check->route->body_limit > 0 ? check->route->body_limit : DEFAULT_BODY_LIMIT;
    enum error error = env->read_body(env->source, check->request, limit);
    return error == ERROR_NONE || reject(check, error, NULL);
}

static bool
read_input(struct check *check)
{
    const struct request_env *env = check->env;
    struct problem problem = {0};
    if (check->route->fields == NULL ||
        env->application->read_input(env->services, check->route, check->request,
                                     check->stated_user, &problem))
        return true;
    response_problem(check->response, &problem);
    return false;
}

static bool
check_idempotency_key(struct check *check)
{
    if (!check->route->keyed)
        check->request->idempotency_key = NULL; /* it is ignored there */
    const char *key = check->request->idempotency_key;
    if (key == NULL)
        return true;
    size_t length = 0;
    while (key[length] > 0x20 && key[length] < 0x7f)
        length++;
    if (length <= IDEMPOTENCY_KEY_MAX && key[length] == '\0')
        return true;
    char detail[64];
    snprintf(detail, sizeof detail, "1 to %d visible ASCII characters", IDEMPOTENCY_KEY_MAX);
    return reject_header(check, "Idempotency-Key", detail);
}

/*
 * Of two headers with one name a gateway may have written one, and its client the other. What
 * everybody may read needs none of them, and is mostly answered out of nginx's cache.
 */
static bool
check_headers_are_single(struct check *check)
{
    const char *doubled = check->request->doubled_header;
    enum who who = check->route->who;
    return doubled == NULL || who == WHO_PUBLIC || who == WHO_MONITOR ||
           reject_header(check, doubled, "this header may occur only once");
}

/* The client may not say otherwise. */
static bool
take_caller(struct check *check, const char *user)
{
    if (check->stated_user[0] != '\0' && strcmp(check->stated_user, user) != 0)
        return reject(check, ERROR_FORBIDDEN, "userId is not the caller");
    snprintf(check->request->caller, USER_ID_SIZE, "%s", user);
    return true;
}

/* caller = header: the gateway says who it is. */
static bool
settle_caller_by_header(struct check *check)
{
    const struct config *config = check->env->config;
    const char *user = check->request->user_header;
    const char *secret = check->request->gateway_secret;
    if (!proves_identity(config->gateway_secrets, secret))
        return reject(check, ERROR_UNAUTHORIZED, "the gateway did not prove its identity");
    if (user == NULL || !is_user_id(user))
        return reject(check, ERROR_UNAUTHORIZED, "X-Frontrow-User does not name a user");
    return take_caller(check, user);
}

/* caller = jwt: a token says who it is. (RFC 6750 wants no error where there is none.) */
static bool
settle_caller_by_token(struct check *check)
{
    char user[USER_ID_SIZE];
    const char *token = bearer_of(check->request);
    if (token == NULL)
        return reject(check, ERROR_UNAUTHORIZED, "a token of the identity provider is needed");
    const char *flaw = verifier_identify(check->env->verifier, token, clock_wall(), user);
    if (flaw == NULL)
        return take_caller(check, user);
    reject(check, ERROR_UNAUTHORIZED, flaw);
    check->response->authenticate = "Bearer error=\"invalid_token\"";
    return false;
}

/* A call that users may make too: a key that is nobody's is as good as none. */
static bool
settle_operator(struct check *check)
{
    struct problem problem = {0};
    if (check->route->who != WHO_CALLER_OR_ADMIN || !check->request->from_operator)
        return true;
    enum error error = find_operator(check, &problem);
    if (error == ERROR_NONE)
        return check_role(check);
    if (error != ERROR_UNAUTHORIZED)
        response_problem(check->response, &problem);
    return error == ERROR_UNAUTHORIZED;
}

static bool
settle_caller(struct check *check)
{
    enum who who = check->route->who;
    struct request *request = check->request;
    bool is_user = who == WHO_CALLER || who == WHO_CALLER_OR_ADMIN;
    const struct config *config = check->env->config;
    bool trusts_body = config_trusts_body(config);
    if (who == WHO_TOKEN && request->queue_token == NULL)
        return reject(check, ERROR_TOKEN_MISSING, NULL);
    if (!is_user && who != WHO_TOKEN)
        return true;
    if (!trusts_body && !(is_by_operator(request) && check->stated_user[0] != '\0'))
        return config_takes_tokens(config) ? settle_caller_by_token(check)
                                           : settle_caller_by_header(check);
    if (trusts_body && !address_is_loopback(request->server_address))
        return reject(check, ERROR_FORBIDDEN, "with caller = body only this machine may call");
    if (is_user)
        memcpy(request->caller, check->stated_user, USER_ID_SIZE);
    return true;
}

bool
checks_pass(const struct request_env *env, const struct route *route, struct request *request,
            struct response *response)
{
    struct check check = {env, route, request, response, ""};
    return check_web_server(&check) && check_maintenance(&check) &&
           check_operators_address(&check) && check_operators_key(&check) &&
           check_content_type(&check) && read_body(&check) && read_input(&check) &&
           check_headers_are_single(&check) && check_idempotency_key(&check) &&
           settle_operator(&check) && settle_caller(&check);
}
