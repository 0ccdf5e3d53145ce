#include "server/router.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/checks.h"

enum { NO_ROUTE = -1, ALLOW_SIZE = 64 };

/* One segment of a path. The child that stands for an id comes after its literal siblings. */
struct node {
    const char *text; /* the literal, not NUL-terminated; NULL: an id */
    size_t length;
    int64_t id_max;       /* of the ids that may stand here; 0: userIds */
    enum error not_an_id; /* the answer where something else does */
    struct node *first_child;
    struct node *next;
    int routes[METHOD_OTHER]; /* the index of each method's route, NO_ROUTE if none */
    char allow[ALLOW_SIZE];   /* "" where no route ends here */
};

struct router {
    struct node *root;
    const struct route *tables[2];
    size_t counts[2];
};

size_t
router_route_count(const struct router *router)
{
    return router->counts[0] + router->counts[1];
}

const struct route *
router_route(const struct router *router, size_t index)
{
    return index < router->counts[0] ? &router->tables[0][index]
                                     : &router->tables[1][index - router->counts[0]];
}

bool
route_is_for_operators(const struct route *route)
{
    return route->who == WHO_ADMIN || route->who == WHO_LOCAL || route->who == WHO_MONITOR;
}

/* ---- making the tree ---- */

static _Noreturn void
refuse_table(const struct route *route, const char *reason)
{
    log_abort("route %s: %s", route->pattern, reason);
}

/* What a placeholder stands for. */
struct resource {
    const char *name;
    enum error not_found;
    int64_t id_max;
};

static struct node *
create_node(const char *text, size_t length, const struct resource *resource)
{
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL)
        log_abort("no memory");
    node->text = text;
    node->length = length;
    node->not_an_id = resource != NULL ? resource->not_found : ERROR_NONE;
    node->id_max = resource != NULL ? resource->id_max : 0;
    for (int method = 0; method < METHOD_OTHER; method++)
        node->routes[method] = NO_ROUTE;
    return node;
}

static const struct resource *
find_resource(const struct route *route, const char *segment, size_t length)
{
    static const struct resource resources[] = {
        {"{concert}", ERROR_CONCERT_NOT_FOUND, INT32_MAX},
        {"{item}", ERROR_ITEM_NOT_FOUND, INT32_MAX},
        {"{hall}", ERROR_HALL_NOT_FOUND, INT32_MAX},
        {"{reservation}", ERROR_RESERVATION_NOT_FOUND, LARGE_ID_MAX},
        {"{transfer}", ERROR_TRANSFER_NOT_FOUND, LARGE_ID_MAX},
        {"{presale}", ERROR_PRESALE_NOT_FOUND, INT32_MAX},
        {"{user}", ERROR_NOT_FOUND, 0},
    };
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++)
        if (strlen(resources[i].name) == length && memcmp(resources[i].name, segment, length) == 0)
            return &resources[i];
    refuse_table(route, "a placeholder that no resource has");
}

/* The child for a segment of a pattern, made where it is not there yet. */
static struct node *
add_child(struct node *parent, const struct route *route, const char *segment, size_t length)
{
    bool is_id = *segment == '{';
    const struct resource *resource = is_id ? find_resource(route, segment, length) : NULL;
    struct node **link = &parent->first_child;
    for (; *link != NULL; link = &(*link)->next) {
        struct node *child = *link;
        if (child->text == NULL) {
            if (is_id && child->not_an_id == resource->not_found)
                return child;
            if (is_id)
                refuse_table(route, "two resources in the same place");
            break; /* a literal goes before the id */
        }
        if (!is_id && child->length == length && memcmp(child->text, segment, length) == 0)
            return child;
    }
    struct node *child = create_node(is_id ? NULL : segment, length, resource);
    child->next = *link;
    *link = child;
    return child;
}

static void
write_allow(struct node *node)
{
    static const char *const names[METHOD_OTHER] = {
        [METHOD_GET] = "GET, HEAD, ", [METHOD_POST] = "POST, ",     [METHOD_PATCH] = "PATCH, ",
        [METHOD_DELETE] = "DELETE, ", [METHOD_OPTIONS] = "OPTIONS",
    };
    struct buffer allow = {0};
    for (int method = 0; method < METHOD_OTHER; method++)
        if (node->routes[method] != NO_ROUTE || method == METHOD_OPTIONS)
            buffer_text(&allow, names[method]);
    snprintf(node->allow, sizeof node->allow, "%.*s", (int)allow.length, allow.data);
    buffer_free(&allow);
}

static void
add_route(struct router *router, size_t index)
{
    const struct route *route = router_route(router, index);
    struct node *node = router->root;
    int ids = 0;
    for (const char *at = route->pattern; *at == '/' && at[1] != '\0';) {
        const char *segment = at + 1;
        size_t length = strcspn(segment, "/");
        ids += *segment == '{';
        node = add_child(node, route, segment, length);
        at = segment + length;
    }
    if (ids > PATH_IDS)
        refuse_table(route, "more ids than a request holds");
    if (node->routes[route->method] != NO_ROUTE)
        refuse_table(route, "there twice");
    node->routes[route->method] = (int)index;
    write_allow(node);
}

struct router *
router_create(const struct route *routes, size_t count, const struct route *own, size_t own_count)
{
    struct router *router = malloc(sizeof *router);
    if (router == NULL)
        log_abort("no memory");
    *router = (struct router){
        .root = create_node("", 0, NULL), .tables = {routes, own}, .counts = {count, own_count}};
    for (size_t index = 0; index < count + own_count; index++)
        add_route(router, index);
    return router;
}

static void
free_node(struct node *node)
{
    while (node->first_child != NULL) {
        struct node *child = node->first_child;
        node->first_child = child->next;
        free_node(child);
    }
    free(node);
}

void
router_free(struct router *router)
{
    free_node(router->root);
    free(router);
}

/* ---- finding a route ---- */

/* An id is decimal without leading zeros, 1 to `max`, which has 16 digits at most. */
static bool
parse_id(const char *text, size_t length, int64_t max, int64_t *id)
{
    if (length == 0 || length > 16 || *text == '0')
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *id = value;
    return value <= max;
}

/* What stands where a pattern has a placeholder; `ids` counts the ids before it. */
static bool
parse_resource(const struct node *node, const char *text, size_t length, struct request *request,
               int *ids)
{
    if (node->id_max > 0)
        return parse_id(text, length, node->id_max, &request->ids[(*ids)++]);
    if (length >= USER_ID_SIZE)
        return false;
    memcpy(request->path_user, text, length);
    request->path_user[length] = '\0';
    return is_user_id(request->path_user);
}

static const struct node *
find_child(const struct node *parent, const char *segment, size_t length)
{
    if (length == 0)
        return NULL; /* "/concert/" is not "/concert" */
    const struct node *child = parent->first_child;
    while (child != NULL && child->text != NULL &&
           (child->length != length || memcmp(child->text, segment, length) != 0))
        child = child->next;
    return child;
}

/* Walks the path down the tree. `error` becomes the code of the first segment that is no id. */
static const struct node *
find_node(const struct router *router, struct request *request, enum error *error)
{
    const struct node *node = router->root;
    int ids = 0;
    const char *at = request->path;
    while (*at == '/' && node != NULL) {
        const char *segment = at + 1;
        size_t length = strcspn(segment, "/");
        node = find_child(node, segment, length);
        if (node != NULL && node->text == NULL &&
            !parse_resource(node, segment, length, request, &ids) && *error == ERROR_NONE)
            *error = node->not_an_id;
        at = segment + length;
    }
    return node != NULL && node->allow[0] != '\0' ? node : NULL;
}

struct match
router_match(const struct router *router, struct request *request)
{
    struct match match = {.index = router_route_count(router)};
    const struct node *node = find_node(router, request, &match.error);
    if (node == NULL)
        match.error = ERROR_NOT_FOUND;
    if (match.error != ERROR_NONE)
        return match;
    match.allow = node->allow;
    if (request->method == METHOD_OPTIONS)
        return match;
    int index = request->method == METHOD_OTHER ? NO_ROUTE : node->routes[request->method];
    if (index == NO_ROUTE) {
        match.error = ERROR_METHOD_NOT_ALLOWED;
    } else {
        match.index = (size_t)index;
        match.route = router_route(router, match.index);
    }
    return match;
}

/* ---- answering ---- */

bool
router_admit(const struct match *match, const struct request_env *env, struct request *request,
             struct response *response)
{
    response_reset(response);
    if (match->route != NULL)
        return checks_pass(env, match->route, request, response);
    /* without a route there is either a refusal or the answer to OPTIONS */
    response->allow = match->allow;
    if (match->error == ERROR_NONE)
        response->status = 204;
    else
        response_error(response, match->error, NULL);
    return false;
}

void
router_handle(const struct router *router, const struct match *match, const struct request_env *env,
              const struct request *request, struct response *response)
{
    bool is_own = match->index >= router->counts[0];
    void *services = is_own ? env->own_services : env->services;
    match->route->handle(services, request, response);
    /* that there is nothing, or not any more, is asked as often as what is there */
    if (match->route->who == WHO_PUBLIC && (response->status == 404 || response->status == 409))
        response->cache_seconds = 1;
}

void
router_end(const struct request_env *env, struct request *request)
{
    if (request->input != NULL)
        env->application->free_input(request);
}
