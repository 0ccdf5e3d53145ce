/*
 * The settings, in one table: the struct, the parser, --print-config, the man page's check and the
 * environment's names (FRONTROW_ and the name in capitals) are made from it.
 *
 * TEXT(name, default, help)
 * INTEGER(name, default, min, max, help)
 * CHOICE(name, default, choices, help)
 */
#ifndef FRONTROW_BASE_CONFIG_TABLE_H
#define FRONTROW_BASE_CONFIG_TABLE_H

/* What has a fixed number of places in memory. */
enum { CONFIG_WORKERS_MAX = 1024, CONFIG_SOCKETS_MAX = 64 };

#define CONFIG_TABLE(TEXT, INTEGER, CHOICE)                                                        \
    TEXT(run_dir, "/run/frontrow", "folder of the sockets, the pid file and the maintenance file") \
    TEXT(listen, "127.0.0.1",                                                                      \
         "addresses on which nginx listens; caller = body needs loopback ones")                    \
    CHOICE(caller, "header", "header|body|jwt",                                                    \
           "where the user id comes from: a header, the body, or a token")                         \
    CHOICE(charge, "auto", "auto|anyone|operator|off",                                             \
           "who may charge points; auto: anyone if caller = body, else operator")                  \
    TEXT(gateway_secret_file, "",                                                                  \
         "file with the secrets by which the gateway proves its identity; empty: none needed")     \
    TEXT(voucher_secret_file, "",                                                                  \
         "file with the secrets by which a gateway signs that a user is no robot; empty: none "    \
         "does")                                                                                   \
    TEXT(jwt_keys_file, "", "file with the public keys of the identity provider: JWKS or PEM")     \
    TEXT(jwt_issuer, "", "who must have made a token (iss)")                                       \
    TEXT(jwt_audience, "", "for whom a token must be made (aud)")                                  \
    TEXT(jwt_user, "sub", "the claim of a token that is the user id")                              \
    INTEGER(jwt_leeway_s, 30, 0, 300,                                                              \
            "by which the identity provider's clock may differ, seconds")                          \
    TEXT(signin_client, "",                                                                        \
         "by which the identity provider knows the pages; empty: they do not sign in")             \
    TEXT(signin_scope, "openid", "what the pages ask the identity provider for")                   \
    TEXT(signin_origins, "",                                                                       \
         "origins beside the one of jwt_issuer to which the pages may connect to sign in")         \
    TEXT(admin_key_file, "", "file with the admin key; empty: /admin answers 401")                 \
    TEXT(ticket_keys_file, "", "file with the keys of tickets; empty: no tickets are issued")      \
    TEXT(user, "", "user to become if started as root; empty: stay root")                          \
    TEXT(socket_group, "", "group of the sockets, usually nginx's; empty: the user's own")         \
    CHOICE(log_level, "info", "debug|info|warn|error", "lowest level that is logged")              \
    CHOICE(log_format, "text", "text|json", "how lines of the log are written: text or json")      \
    INTEGER(slow_ms, 1000, 0, 60000,                                                               \
            "a request that took longer, its wait included, is logged; 0: none")                   \
    INTEGER(workers, 16, 1, CONFIG_WORKERS_MAX, "worker processes")                                \
    INTEGER(sockets, 4, 1, CONFIG_SOCKETS_MAX,                                                     \
            "unix sockets that the workers share; a change needs a restart")                       \
    TEXT(fastcgi_listen, "",                                                                       \
         "address and port of the workers for nginx on other machines, instead of unix sockets")   \
    TEXT(fastcgi_secret_file, "",                                                                  \
         "file with the secrets by which nginx proves its identity to the workers")                \
    INTEGER(recycle_requests, 100000, 0, 1000000000,                                               \
            "requests after which a worker is replaced; 0: never")                                 \
    INTEGER(drain_ms, 10000, 100, 600000,                                                          \
            "time in which a stopping worker must finish its request")                             \
    INTEGER(stale_ms, 1000, 0, 60000,                                                              \
            "a request that waited longer in the socket gets 503; 0: never")                       \
    INTEGER(front_ms, 1000, 10, 60000,                                                             \
            "time for which a worker waits for the web server's next bytes")                       \
    INTEGER(redis_timeout_ms, 300, 10, 60000, "time for a call to Redis")                          \
    INTEGER(lock_wait_s, 1, 1, 60,                                                                 \
            "time for which a statement waits for a lock in MySQL, seconds")                       \
    INTEGER(mysql_timeout_ms, 2000, 100, 60000,                                                    \
            "time for a statement in MySQL; rounded up to seconds, with MySQL one more")           \
    INTEGER(request_ms, 4000, 200, 120000, "time for a request")                                   \
    INTEGER(watchdog_ms, 8000, 400, 240000,                                                        \
            "time after which a worker that still works on a request is killed")                   \
    INTEGER(gateway_ms, 10000, 500, 300000,                                                        \
            "time that nginx gives a request: its fastcgi_read_timeout")                           \
    INTEGER(admin_mysql_timeout_ms, 10000, 100, 60000,                                             \
            "for /admin: time for a statement in MySQL, half of it for a read")                    \
    INTEGER(admin_request_ms, 20000, 200, 120000, "for /admin: time for a request")                \
    INTEGER(admin_watchdog_ms, 25000, 400, 240000, "for /admin: time of the watchdog")             \
    INTEGER(admin_gateway_ms, 30000, 500, 300000, "for /admin: time that nginx gives a request")   \
    TEXT(mysql_host, "127.0.0.1",                                                                  \
         "MySQL host, always by TCP (also localhost); not used with mysql_socket")                 \
    INTEGER(mysql_port, 3306, 1, 65535, "MySQL port")                                              \
    TEXT(mysql_socket, "", "MySQL unix socket")                                                    \
    TEXT(mysql_hosts, "",                                                                          \
         "several servers, of which the one that takes writes is used, instead of mysql_host")     \
    CHOICE(mysql_tls, "off", "off|on|verify",                                                      \
           "TLS to MySQL; on: encrypted; verify: also the server's certificate and name")          \
    TEXT(mysql_tls_ca_file, "", "certificates of the authorities for mysql_tls = verify")          \
    TEXT(mysql_tls_certificate_file, "", "own certificate for MySQL; empty: none")                 \
    TEXT(mysql_tls_key_file, "", "key of mysql_tls_certificate_file")                              \
    TEXT(mysql_user, "frontrow", "MySQL user")                                                     \
    TEXT(mysql_password_file, "", "file with the MySQL password; empty: none")                     \
    TEXT(mysql_database, "frontrow", "MySQL database")                                             \
    TEXT(redis_host, "127.0.0.1", "Redis host; not used with redis_socket")                        \
    INTEGER(redis_port, 6379, 1, 65535, "Redis port")                                              \
    TEXT(redis_socket, "", "Redis unix socket")                                                    \
    TEXT(redis_hosts, "", "several servers, of which the master is used, instead of redis_host")   \
    TEXT(redis_sentinels, "", "Sentinels, which say where the master is, instead of redis_host")   \
    TEXT(redis_master, "mymaster", "name of the master that redis_sentinels watch")                \
    TEXT(redis_sentinel_password_file, "", "file with the Sentinels' password; empty: none")       \
    CHOICE(redis_tls, "off", "off|on|verify",                                                      \
           "TLS to Redis; on: encrypted; verify: also the server's certificate and name")          \
    TEXT(redis_tls_ca_file, "", "certificates of the authorities for redis_tls = verify")          \
    TEXT(redis_tls_certificate_file, "", "own certificate for Redis; empty: none")                 \
    TEXT(redis_tls_key_file, "", "key of redis_tls_certificate_file")                              \
    TEXT(redis_user, "", "Redis user (ACL); empty: the default user")                              \
    TEXT(redis_password_file, "", "file with the Redis password; empty: none")                     \
    INTEGER(redis_database, 0, 0, 1000000, "Redis database number")                                \
    INTEGER(show_up_seconds, 30, 1, 3600, "time in which a called user must show up")              \
    INTEGER(missed_seconds, 600, 1, 86400,                                                         \
            "time for which a user who missed the call keeps the number")                          \
    INTEGER(unpaid_pause_from, 3, 0, 1000,                                                         \
            "unpaid holds in a concert that bring a pause; 0: never")                              \
    INTEGER(transfer_hours, 48, 1, 8760,                                                           \
            "time for which the transfer of an order can be accepted, hours")                      \
    INTEGER(refunds_per_day, 10, 0, 1000000,                                                       \
            "refunds a user may ask for in 24 hours; 0: any number")                               \
    TEXT(time_zone, "Asia/Seoul", "default time zone (IANA) of new concerts")                      \
    CHOICE(webhooks, "off", "off|on",                                                              \
           "whether what happens is written down for frontrow-outbox, which tells webhooks")       \
    TEXT(webhook_key_file, "",                                                                     \
         "file with the key of which the secrets of webhooks are made; only frontrow-outbox and "  \
         "frontrowctl read it")                                                                    \
    TEXT(webhook_allow, "",                                                                        \
         "address ranges that are not public and may have webhooks all the same, also without "    \
         "TLS")                                                                                    \
    TEXT(webhook_ca_file, "",                                                                      \
         "certificates of the authorities for webhooks; empty: those of the system")               \
    INTEGER(webhook_connections, 64, 1, 256, "connections to one webhook at a time")               \
    INTEGER(webhook_timeout_ms, 10000, 100, 60000, "time for a delivery")                          \
    INTEGER(webhook_tries, 100, 1, 10000,                                                          \
            "tries after which a delivery is given up; 100 are about a day")                       \
    INTEGER(webhook_keep_hours, 72, 1, 8760,                                                       \
            "time for which events and dead deliveries are kept for frontrowctl webhook replay")   \
    TEXT(draw_folder, "/var/lib/frontrow/draw",                                                    \
         "folder of the published lists of draws, which nginx serves as /draw/")

#endif
