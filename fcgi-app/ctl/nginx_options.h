/*
 * The options of frontrowctl nginx-config, in one table: values that no setting has.
 *
 * OPTION(name, "option", "what its value is called", default, help)
 * No value: a switch. A default of NULL: it is required.
 */
#ifndef FRONTROW_CTL_NGINX_OPTIONS_H
#define FRONTROW_CTL_NGINX_OPTIONS_H

#define NGINX_OPTIONS(OPTION)                                                                      \
    OPTION(PORT, "port", "N", NULL, "port to listen on")                                           \
    OPTION(GATEWAYS, "gateways", "LIST", NULL,                                                     \
           "addresses whose X-Frontrow-User is believed, or none")                                 \
    OPTION(OPERATORS, "operators", "LIST", NULL,                                                   \
           "networks that may use /admin and /metrics, or none")                                   \
    OPTION(GATES, "gates", "LIST", "none", "networks that may check tickets in, and no more")      \
    OPTION(PROXIES, "proxies", "LIST", NULL, "trusted proxies in front of nginx, or none")         \
    OPTION(PROXY_PROTOCOL, "proxy-protocol", NULL, "", "they use the PROXY protocol")              \
    OPTION(CERTIFICATE, "certificate", "FILE", "", "use HTTPS with this certificate")              \
    OPTION(CERTIFICATE_KEY, "certificate-key", "FILE", "", "its private key")                      \
    OPTION(HTTP2, "http2", "WAY", "off",                                                           \
           "HTTP/2 with HTTPS: on, listen (before nginx 1.25.1) or off")                           \
    OPTION(HTTP3, "http3", NULL, "", "HTTP/3 with HTTPS (nginx 1.25 and later)")                   \
    OPTION(HSTS, "hsts", "N", "31536000",                                                          \
           "seconds for which browsers use only HTTPS; 0: this is not said")                       \
    OPTION(REDIRECT_PORT, "redirect-port", "N", "",                                                \
           "port without TLS, like 80, from which browsers are sent to HTTPS")                     \
    OPTION(PREFIX, "prefix", "PATH", "", "path of Frontrow on its site, like /shop")               \
    OPTION(WORKERS, "workers", "LIST", "",                                                         \
           "fastcgi_listen of each app host, instead of the unix sockets of this one")             \
    OPTION(WWW, "www", "DIR", DATA_DIR "/www", "the pages")                                        \
    OPTION(CACHE, "cache", "DIR", "/var/cache/frontrow",                                           \
           "folder of nginx's cache; nginx makes it")                                              \
    OPTION(ACCESS_LOG, "access-log", "FILE", "/var/log/frontrow/access.log", "or off")             \
    OPTION(ERROR_LOG, "error-log", "FILE", "/var/log/nginx/error.log",                             \
           "only for the worst errors")                                                            \
    OPTION(EXACT_LIMIT, "exact-limit", "N", "2048", "running exact calls")                         \
    OPTION(PUBLIC_LIMIT, "public-limit", "N", "2048",                                              \
           "running public calls that no cache answers")                                           \
    OPTION(ADMIN_LIMIT, "admin-limit", "N", "",                                                    \
           "running calls of /admin; default a quarter of the workers")                            \
    OPTION(ADDRESS_LIMIT, "address-limit", "N", "256", "running requests of one address")          \
    OPTION(REQUEST_LIMIT, "request-limit", "N", "16384", "running requests of all addresses")      \
    OPTION(UNCOUNTED, "uncounted", "LIST", "none", "networks without a limit of their own")        \
    OPTION(USER_RATE, "user-rate", "N", "20", "calls a second of one user")                        \
    OPTION(ADDRESS_RATE, "address-rate", "N", "0", "calls a second of one address; 0: any")        \
    OPTION(ALERTMANAGER, "alertmanager", "ADDRESS", "",                                            \
           "Alertmanager's address and port, whose alerts /ops/ shows; default none")              \
    OPTION(TEMPLATE, "template", "FILE", DATA_DIR "/nginx/frontrow.conf.in",                       \
           "the template to fill in")

enum nginx_option {
#define OPTION(name, option, value, default_value, help) NGINX_##name,
    NGINX_OPTIONS(OPTION)
#undef OPTION
        NGINX_OPTION_COUNT
};

struct nginx_text {
    const char *option;
    const char *value;         /* what it is called; NULL: a switch */
    const char *default_value; /* NULL: it is required */
    const char *help;
};

extern const struct nginx_text nginx_texts[NGINX_OPTION_COUNT];

#endif
