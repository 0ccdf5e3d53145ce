/* The router: which route a path leads to, and in which order a request is refused. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "server/router.h"
#include "suites.h"

struct field {
    int unused;
};

static const struct field some_fields[1];
static bool handled;

static void
handle(void *services, const struct request *request, struct response *response)
{
    (void)request;
    handled = true;
    buffer_text(&response->body, services);
}

enum {
    CONCERTS,
    CONCERT,
    ITEM,
    RESERVE,
    RESERVATION,
    CANCEL,
    CHARGE,
    TOKEN,
    PATCH_CONCERT,
    USER,
    ROUTE_COUNT
};

static const struct route routes[ROUTE_COUNT] = {
    [CONCERTS] = {METHOD_GET, "/concert", WHO_PUBLIC, .handle = handle},
    [CONCERT] = {METHOD_GET, "/concert/{concert}", WHO_PUBLIC, .handle = handle},
    [ITEM] = {METHOD_GET, "/concert/{concert}/item/{item}/seat", WHO_PUBLIC, .handle = handle},
    [RESERVE] = {METHOD_POST, "/reservation", WHO_CALLER, some_fields, handle, .keyed = true},
    [RESERVATION] = {METHOD_GET, "/reservation/{reservation}", WHO_CALLER, some_fields, handle},
    [CANCEL] = {METHOD_DELETE, "/reservation/{reservation}", WHO_CALLER, some_fields, handle},
    [CHARGE] = {METHOD_POST, "/point/charge", WHO_CALLER_OR_ADMIN, some_fields, handle,
                .role = ROLE_SELLER},
    [TOKEN] = {METHOD_GET, "/token", WHO_TOKEN, .handle = handle},
    [PATCH_CONCERT] = {METHOD_PATCH, "/admin/concert/{concert}", WHO_ADMIN, some_fields, handle,
                       .body_limit = 50000, .role = ROLE_VIEWER},
    [USER] = {METHOD_GET, "/admin/user/{user}", WHO_ADMIN, .handle = handle, .role = ROLE_SELLER},
};

static const struct route own_route = {METHOD_GET, "/metrics", WHO_LOCAL, .handle = handle};

static struct router *router;

static int
open_router(void)
{
    router = router_create(routes, ROUTE_COUNT, &own_route, 1);
    return 0;
}

static int
close_router(void)
{
    router_free(router);
    return 0;
}

static struct match
match_path(enum method method, const char *path, struct request *request)
{
    *request = (struct request){.method = method, .path = path};
    return router_match(router, request);
}

static void
test_paths_lead_to_routes(void)
{
    struct request request;
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/concert", &request).route, &routes[CONCERTS]);
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/concert/7", &request).route, &routes[CONCERT]);
    CU_ASSERT_EQUAL(request.ids[0], 7);
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/concert/7/item/2147483647/seat", &request).route,
                        &routes[ITEM]);
    CU_ASSERT_EQUAL(request.ids[0], 7);
    CU_ASSERT_EQUAL(request.ids[1], 2147483647);
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_DELETE, "/reservation/1", &request).route,
                        &routes[CANCEL]);
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/reservation/9007199254740991", &request).route,
                        &routes[RESERVATION]);
    CU_ASSERT_EQUAL(request.ids[0], 9007199254740991);
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/admin/user/auth0|5f+x@1.2", &request).route,
                        &routes[USER]);
    CU_ASSERT_STRING_EQUAL(request.path_user, "auth0|5f+x@1.2");
    CU_ASSERT_PTR_EQUAL(match_path(METHOD_GET, "/metrics", &request).route, &own_route);
    CU_ASSERT_PTR_EQUAL(router_route(router, ROUTE_COUNT), &own_route);
}

static void
test_unknown_paths_and_ids(void)
{
    static const struct {
        const char *path;
        enum error error;
    } cases[] = {
        {"", ERROR_NOT_FOUND},
        {"/", ERROR_NOT_FOUND},
        {"concert", ERROR_NOT_FOUND},
        {"/concerts", ERROR_NOT_FOUND},
        {"/concer", ERROR_NOT_FOUND},
        {"/concert/", ERROR_NOT_FOUND},
        {"/concert/1/", ERROR_NOT_FOUND},
        {"/concert//item", ERROR_NOT_FOUND},
        {"/concert/1/item/2", ERROR_NOT_FOUND},
        {"/concert/abc/item/2", ERROR_NOT_FOUND},
        {"/Concert", ERROR_NOT_FOUND},
        {"/admin/user/", ERROR_NOT_FOUND},
        {"/admin/user/a b", ERROR_NOT_FOUND},
        {"/admin/user/a/b", ERROR_NOT_FOUND},
        {"/concert/abc", ERROR_CONCERT_NOT_FOUND},
        {"/concert/0", ERROR_CONCERT_NOT_FOUND},
        {"/concert/01", ERROR_CONCERT_NOT_FOUND},
        {"/concert/-1", ERROR_CONCERT_NOT_FOUND},
        {"/concert/+1", ERROR_CONCERT_NOT_FOUND},
        {"/concert/1 ", ERROR_CONCERT_NOT_FOUND},
        {"/concert/2147483648", ERROR_CONCERT_NOT_FOUND},
        {"/concert/18446744073709551617", ERROR_CONCERT_NOT_FOUND},
        {"/concert/1/item/x/seat", ERROR_ITEM_NOT_FOUND},
        {"/concert/y/item/x/seat", ERROR_CONCERT_NOT_FOUND},
        {"/reservation/1.0", ERROR_RESERVATION_NOT_FOUND},
        {"/reservation/9007199254740992", ERROR_RESERVATION_NOT_FOUND},
        {"/reservation/18446744073709551617", ERROR_RESERVATION_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        struct match match = match_path(METHOD_GET, cases[i].path, &request);
        CU_ASSERT_PTR_NULL(match.route);
        CU_ASSERT_EQUAL(match.error, cases[i].error);
        CU_ASSERT_EQUAL(match.index, router_route_count(router));
    }
}

static void
test_other_methods_are_told_what_is_allowed(void)
{
    struct request request;
    struct match match = match_path(METHOD_POST, "/reservation/5", &request);
    CU_ASSERT_EQUAL(match.error, ERROR_METHOD_NOT_ALLOWED);
    CU_ASSERT_STRING_EQUAL(match.allow, "GET, HEAD, DELETE, OPTIONS");
    match = match_path(METHOD_OTHER, "/reservation", &request);
    CU_ASSERT_EQUAL(match.error, ERROR_METHOD_NOT_ALLOWED);
    CU_ASSERT_STRING_EQUAL(match.allow, "POST, OPTIONS");
    match = match_path(METHOD_OPTIONS, "/admin/concert/1", &request);
    CU_ASSERT_EQUAL(match.error, ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(match.allow, "PATCH, OPTIONS");
    CU_ASSERT_EQUAL(match_path(METHOD_OPTIONS, "/nowhere", &request).error, ERROR_NOT_FOUND);
}

/* ---- the order of refusals ---- */

/* A request in which everything can be wrong at once; each test mends it from the front. */
struct scene {
    struct config config;
    struct request request;
    enum error body_error;
    size_t body_limit; /* with which the body was read */
    const char *stated_user;
    bool input_is_good;
};

static struct scene *on_stage;

static enum error
read_body(void *source, struct request *request, size_t limit)
{
    struct scene *scene = source;
    (void)request;
    scene->body_limit = limit;
    return scene->body_error;
}

static bool
read_input(void *services, const struct route *route, struct request *request,
           char stated_user[USER_ID_SIZE], struct problem *problem)
{
    (void)services;
    (void)route;
    (void)request;
    problem->error = ERROR_INVALID_JSON;
    snprintf(stated_user, USER_ID_SIZE, "%s", on_stage->stated_user);
    return on_stage->input_is_good;
}

static void
free_input(struct request *request)
{
    (void)request;
}

/* Each is called after its key. */
static enum error
find_operator(void *services, const char *key, struct operator_account *account,
              struct problem *problem)
{
    static const struct operator_account operators[] = {{"viewer", ROLE_VIEWER},
                                                        {"gate", ROLE_GATE},
                                                        {"seller", ROLE_SELLER},
                                                        {"manager", ROLE_MANAGER},
                                                        {"later", ROLE_NONE}};
    CU_ASSERT_STRING_EQUAL(services, "application");
    if (strcmp(key, "away") == 0)
        return refuse(problem, ERROR_MYSQL_UNAVAILABLE);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strcmp(key, operators[i].name) == 0) {
            *account = operators[i];
            return ERROR_NONE;
        }
    }
    return refuse(problem, ERROR_UNAUTHORIZED);
}

static const struct application application = {routes, ROUTE_COUNT, .read_input = read_input,
                                               .free_input = free_input,
                                               .find_operator = find_operator};

/* A good request with nothing missing, caller = header, no admin key. */
static struct scene
good_scene(enum method method, const char *path)
{
    struct scene scene = {.stated_user = "", .input_is_good = true};
    snprintf(scene.config.caller, sizeof scene.config.caller, "header");
    snprintf(scene.config.run_dir, sizeof scene.config.run_dir, "/nonexistent");
    scene.request = (struct request){.method = method,
                                     .path = path,
                                     .content_type = "application/json",
                                     .user_header = "ann",
                                     .queue_token = "t",
                                     .server_address = "127.0.0.1",
                                     .from_operator = true};
    return scene;
}

/* Sends the scene's request and returns what it was refused with. */
static enum error
play(struct scene *scene)
{
    struct response response = {0};
    struct request_env env = {.config = &scene->config,
                              .application = &application,
                              .services = "application",
                              .own_services = "own",
                              .read_body = read_body,
                              .source = scene};
    on_stage = scene;
    handled = false;
    scene->request.account = (struct operator_account){0};
    scene->request.key_owner[0] = '\0';
    struct match match = router_match(router, &scene->request);
    if (router_admit(&match, &env, &scene->request, &response))
        router_handle(router, &match, &env, &scene->request, &response);
    router_end(&env, &scene->request);
    enum error error = response.error;
    CU_ASSERT_EQUAL(response.status, error_status(error));
    CU_ASSERT_EQUAL(handled, error == ERROR_NONE);
    buffer_free(&response.body);
    return error;
}

static void
test_reservations_are_refused_in_order(void)
{
    char folder[] = "/tmp/frontrow-router-XXXXXX";
    char file[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/maintenance", folder);
    FILE *maintenance = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(maintenance);
    fclose(maintenance);

    struct scene scene = good_scene(METHOD_POST, "/reservation");
    memcpy(scene.config.run_dir, folder, sizeof folder);
    scene.request.content_type = "text/plain";
    scene.request.idempotency_key = "two words";
    scene.request.user_header = NULL;
    scene.stated_user = "bob";
    scene.body_error = ERROR_BODY_TOO_LARGE;
    scene.input_is_good = false;
    CU_ASSERT_EQUAL(play(&scene), ERROR_MAINTENANCE);
    unlink(file);
    rmdir(folder);
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNSUPPORTED_MEDIA_TYPE);
    CU_ASSERT_EQUAL(scene.body_limit, 0);
    scene.request.content_type = "application/json";
    CU_ASSERT_EQUAL(play(&scene), ERROR_BODY_TOO_LARGE);
    CU_ASSERT_EQUAL(scene.body_limit, 16384);
    scene.body_error = ERROR_NONE;
    CU_ASSERT_EQUAL(play(&scene), ERROR_INVALID_JSON);
    scene.input_is_good = true;
    CU_ASSERT_EQUAL(play(&scene), ERROR_INVALID_FIELD);
    scene.request.idempotency_key = "one-word";
    scene.request.doubled_header = "Idempotency-Key";
    CU_ASSERT_EQUAL(play(&scene), ERROR_INVALID_FIELD);
    scene.request.doubled_header = NULL;
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    scene.request.user_header = "ann";
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN);
    scene.stated_user = "ann";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "ann");
}

static void
test_callers_by_body_and_by_header(void)
{
    struct scene scene = good_scene(METHOD_GET, "/reservation/1");
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "ann");
    scene.request.user_header = "not a user";
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);

    scene = good_scene(METHOD_DELETE, "/reservation/1");
    scene.request.content_type = NULL; /* a DELETE has no body to speak of */
    snprintf(scene.config.caller, sizeof scene.config.caller, "body");
    scene.stated_user = "bob";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "bob");
    scene.request.server_address = "192.0.2.1"; /* others come there too */
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN);

    scene = good_scene(METHOD_GET, "/reservation/1");
    snprintf(scene.config.gateway_secrets[0], CONFIG_TEXT_SIZE, "sesame");
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    scene.request.gateway_secret = "sesam";
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    scene.request.gateway_secret = "sesame";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    scene.request.user_header = NULL;
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);

    scene = good_scene(METHOD_GET, "/concert/1");
    scene.request.user_header = NULL;
    scene.request.doubled_header = "X-Frontrow-User"; /* it needs none */
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "");
}

/* Whoever the gateway says it is. A wrong key, and one on another route, is as good as none. */
static void
test_the_admin_calls_for_a_user(void)
{
    struct scene scene = good_scene(METHOD_POST, "/point/charge");
    snprintf(scene.config.admin_key, sizeof scene.config.admin_key, "key");
    scene.request.authorization = "Bearer key";
    scene.stated_user = "bob";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "bob");
    CU_ASSERT_STRING_EQUAL(scene.request.account.name, "admin");
    CU_ASSERT_STRING_EQUAL(scene.request.key_owner, "");
    scene.request.user_header = NULL;
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    scene.stated_user = "";
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);

    scene.request.user_header = "ann";
    scene.request.authorization = "Bearer other";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "ann");
    CU_ASSERT_STRING_EQUAL(scene.request.account.name, "");
    scene.stated_user = "bob";
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN);

    scene.request.path = "/reservation";
    scene.request.authorization = "Bearer key";
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN);
    CU_ASSERT_STRING_EQUAL(scene.request.account.name, "");
}

/* Those of the table, each by its role; and with MySQL away only the key of the settings works. */
static void
test_operators_have_roles(void)
{
    static const struct {
        const char *authorization;
        enum error patch, charge;
    } cases[] = {
        {"Bearer viewer", ERROR_NONE, ERROR_FORBIDDEN},
        {"Bearer gate", ERROR_FORBIDDEN, ERROR_FORBIDDEN},
        {"Bearer seller", ERROR_NONE, ERROR_NONE},
        {"Bearer manager", ERROR_NONE, ERROR_NONE},
        {"Bearer later", ERROR_FORBIDDEN, ERROR_FORBIDDEN},
        {"Bearer away", ERROR_MYSQL_UNAVAILABLE, ERROR_MYSQL_UNAVAILABLE},
        {"Bearer sesame", ERROR_NONE, ERROR_NONE},
        {"Bearer nobody", ERROR_UNAUTHORIZED, ERROR_NONE}, /* a user charges */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene = good_scene(METHOD_PATCH, "/admin/concert/1");
        snprintf(scene.config.admin_key, sizeof scene.config.admin_key, "sesame");
        scene.request.authorization = cases[i].authorization;
        CU_ASSERT_EQUAL(play(&scene), cases[i].patch);
        scene = good_scene(METHOD_POST, "/point/charge");
        snprintf(scene.config.admin_key, sizeof scene.config.admin_key, "sesame");
        scene.request.authorization = cases[i].authorization;
        CU_ASSERT_EQUAL(play(&scene), cases[i].charge);
    }
    struct scene scene = good_scene(METHOD_PATCH, "/admin/concert/1");
    scene.request.authorization = "Bearer seller";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.account.name, "seller");
    CU_ASSERT_STRING_EQUAL(scene.request.key_owner, "/seller");
}

static void
test_token_calls_need_a_token(void)
{
    struct scene scene = good_scene(METHOD_GET, "/token");
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_STRING_EQUAL(scene.request.caller, "ann");
    scene.request.user_header = NULL;
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    scene.request.queue_token = NULL;
    CU_ASSERT_EQUAL(play(&scene), ERROR_TOKEN_MISSING);
    snprintf(scene.config.caller, sizeof scene.config.caller, "body");
    CU_ASSERT_EQUAL(play(&scene), ERROR_TOKEN_MISSING);
    scene.request.queue_token = "t";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
}

static void
test_admin_needs_the_key(void)
{
    static const char *const wrong[] = {
        NULL,           "",       "Bearer",       "Bearer ", "Bearer sesam", "Bearer sesamee",
        "Basic sesame", "sesame", "Bearer SESAME"};
    struct scene scene = good_scene(METHOD_PATCH, "/admin/concert/1");
    scene.request.content_type = "text/plain"; /* refused after the key */
    scene.request.authorization = "Bearer ";
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED); /* no key is set: nobody gets in */
    snprintf(scene.config.admin_key, sizeof scene.config.admin_key, "sesame");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scene.request.authorization = wrong[i];
        CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    }
    scene.request.authorization = "bearer sesame";
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNSUPPORTED_MEDIA_TYPE);
    scene.request.content_type = "application/json";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    CU_ASSERT_EQUAL(scene.body_limit, 50000);
}

static void
test_operators_come_from_their_addresses(void)
{
    struct scene scene = good_scene(METHOD_PATCH, "/admin/concert/1");
    scene.request.from_operator = false;
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN); /* with a key or without */
    scene.request.from_operator = true;
    CU_ASSERT_EQUAL(play(&scene), ERROR_UNAUTHORIZED);
    scene = good_scene(METHOD_GET, "/metrics");
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    scene.request.from_operator = false;
    CU_ASSERT_EQUAL(play(&scene), ERROR_FORBIDDEN);
}

static void
test_content_types(void)
{
    static const char *const good[] = {"application/json",
                                       "Application/JSON",
                                       "application/json; charset=utf-8",
                                       "application/json;charset=UTF-8",
                                       "application/json ; charset=\"utf-8\"",
                                       "application/json;"};
    static const char *const bad[] = {NULL,
                                      "",
                                      "text/plain",
                                      "application/jsonp",
                                      "application/json; charset=latin1",
                                      "application/json; charset=utf-8x",
                                      "application/json, text/plain",
                                      "application/json; boundary=x",
                                      "application/json charset=utf-8"};
    struct scene scene = good_scene(METHOD_POST, "/reservation");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        scene.request.content_type = good[i];
        CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        scene.request.content_type = bad[i];
        CU_ASSERT_EQUAL(play(&scene), ERROR_UNSUPPORTED_MEDIA_TYPE);
    }
}

static void
test_idempotency_keys(void)
{
    char key[66];
    struct scene scene = good_scene(METHOD_POST, "/reservation");
    memset(key, '~', 65);
    key[65] = '\0';
    scene.request.idempotency_key = key;
    CU_ASSERT_EQUAL(play(&scene), ERROR_INVALID_FIELD);
    key[64] = '\0';
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
    scene.request.idempotency_key = "caf\xc3\xa9";
    CU_ASSERT_EQUAL(play(&scene), ERROR_INVALID_FIELD);

    scene = good_scene(METHOD_DELETE, "/reservation/1"); /* this table's DELETE takes no key */
    scene.request.idempotency_key = "two words";
    CU_ASSERT_EQUAL(play(&scene), ERROR_NONE);
}

void
suite_router(void)
{
    CU_pSuite suite = CU_add_suite("router", open_router, close_router);
    CU_add_test(suite, "paths lead to routes", test_paths_lead_to_routes);
    CU_add_test(suite, "unknown paths and ids", test_unknown_paths_and_ids);
    CU_add_test(suite, "other methods are told what is allowed",
                test_other_methods_are_told_what_is_allowed);
    CU_add_test(suite, "reservations are refused in order", test_reservations_are_refused_in_order);
    CU_add_test(suite, "callers by body and by header", test_callers_by_body_and_by_header);
    CU_add_test(suite, "the admin calls for a user", test_the_admin_calls_for_a_user);
    CU_add_test(suite, "operators have roles", test_operators_have_roles);
    CU_add_test(suite, "token calls need a token", test_token_calls_need_a_token);
    CU_add_test(suite, "admin needs the key", test_admin_needs_the_key);
    CU_add_test(suite, "operators come from their addresses",
                test_operators_come_from_their_addresses);
    CU_add_test(suite, "content types", test_content_types);
    CU_add_test(suite, "idempotency keys", test_idempotency_keys);
}
