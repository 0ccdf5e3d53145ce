#include "mysql/dial.h"

#include <errmsg.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"

static void
set_limits(MYSQL *handle, const struct database *db)
{
    unsigned seconds = (unsigned)(db->timeout_ms + 999) / 1000;
    /* of several servers each may be the one that is away; the library counts in seconds */
    unsigned connect_seconds = db->has_list ? 1 : seconds;
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
}

/*
 * Nothing is left to a default, as the libraries differ: MariaDB's has none of this up to 3.3 and
 * checks certificates from 3.4 on; MySQL's takes whatever TLS there is. MariaDB's compares the
 * certificate with the authorities as soon as it has some, so only `verify` gives it them.
 */
static void
set_tls(MYSQL *handle, const struct config *config)
{
    enum config_tls tls = config_tls_of(config->mysql_tls);
#ifdef MARIADB_PACKAGE_VERSION
    static const my_bool yes = 1, no = 0;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, tls != CONFIG_TLS_OFF ? &yes : &no);
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, tls == CONFIG_TLS_VERIFY ? &yes : &no);
    /*
     * Where it need not verify, it goes on in the clear at a server that offers no TLS, and takes
     * that for encrypted: caching_sha2_password and others would then give the password itself.
     */
    if (tls == CONFIG_TLS_ON)
        mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH,
                      "mysql_native_password client_ed25519 parsec");
#else
    static const unsigned modes[] = {[CONFIG_TLS_OFF] = SSL_MODE_DISABLED,
                                     [CONFIG_TLS_ON] = SSL_MODE_REQUIRED,
                                     [CONFIG_TLS_VERIFY] = SSL_MODE_VERIFY_IDENTITY};
    /* without TLS caching_sha2_password encrypts the password by a key that the server sends */
    bool ask_for_key = tls == CONFIG_TLS_OFF;
    mysql_options(handle, MYSQL_OPT_SSL_MODE, &modes[tls]);
    mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask_for_key);
#endif
    if (tls == CONFIG_TLS_VERIFY)
        mysql_options(handle, MYSQL_OPT_SSL_CA, config->mysql_tls_ca_file);
    if (config->mysql_tls_certificate_file[0] != '\0') {
        mysql_options(handle, MYSQL_OPT_SSL_CERT, config->mysql_tls_certificate_file);
        mysql_options(handle, MYSQL_OPT_SSL_KEY, config->mysql_tls_key_file);
    }
}

static MYSQL *
log_in(MYSQL *handle, const struct config *config, const struct host *host)
{
    bool socket = config->mysql_socket[0] != '\0';
    /* or "localhost" would be a socket of the library's choice */
    unsigned protocol = socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
    return mysql_real_connect(handle, socket ? NULL : host->name, config->mysql_user,
                              config->mysql_password[0] != '\0' ? config->mysql_password : NULL,
                              config->mysql_database, socket ? 0 : (unsigned)host->port,
                              socket ? config->mysql_socket : NULL, 0);
}

/*
 * MySQL looks once a second which waits for locks have lasted long enough, so that one takes up to
 * a second more than innodb_lock_wait_timeout; MariaDB ends each in time. A statement is given that
 * second, or a long lock would look like a server that hangs. True: the handle does not have it
 * yet.
 */
static bool
needs_more_time(struct database *db, MYSQL *handle)
{
    if (db->has_late_waits || strstr(mysql_get_server_info(handle), "MariaDB") != NULL)
        return false;
    db->has_late_waits = true;
    db->timeout_ms += MYSQL_LATE_MS;
    return true;
}

static MYSQL *
dial_once(struct database *db, const struct host *host)
{
    const struct config *config = db->config;
    MYSQL *handle = mysql_init(NULL);
    if (handle == NULL)
        log_abort("no memory");
    set_limits(handle, db);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set_tls(handle, config);
    char address[HOST_TEXT_SIZE];
    if (config->mysql_socket[0] != '\0')
        snprintf(address, sizeof address, "%s", config->mysql_socket);
    else
        host_print(host, address);
    if (log_in(handle, config, host) == NULL) {
        bool lacks_plugin = mysql_errno(handle) == CR_AUTH_PLUGIN_CANNOT_LOAD;
        connection_count_refusal(db, mysql_errno(handle));
        snprintf(db->error_text, sizeof db->error_text,
                 "MySQL cannot be reached at %.200s: error %u: %s%s", address, mysql_errno(handle),
                 mysql_error(handle),
                 lacks_plugin ? "; the client library that Frontrow was built with has no such "
                                "way to log in (docs/engines.md)"
                              : "");
    } else if (config_tls_of(config->mysql_tls) != CONFIG_TLS_OFF &&
               mysql_get_ssl_cipher(handle) == NULL) {
        snprintf(db->error_text, sizeof db->error_text,
                 "MySQL at %.200s offers no TLS, and mysql_tls = %s", address, config->mysql_tls);
    } else {
        return handle;
    }
    mysql_close(handle);
    return NULL;
}

MYSQL *
dial(struct database *db, const struct host *host)
{
    MYSQL *handle = dial_once(db, host);
    if (handle == NULL || !needs_more_time(db, handle))
        return handle;
    mysql_close(handle);
    return dial_once(db, host);
}

size_t
dial_resolve(const struct host *host, struct host *addresses, size_t max)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    size_t count = 0;
    if (getaddrinfo(host->name, NULL, &hints, &found) != 0)
        return 0;
    for (const struct addrinfo *at = found; at != NULL && count < max; at = at->ai_next) {
        struct host *address = &addresses[count];
        address->port = host->port;
        if (getnameinfo(at->ai_addr, at->ai_addrlen, address->name, sizeof address->name, NULL, 0,
                        NI_NUMERICHOST) == 0)
            count++;
    }
    freeaddrinfo(found);
    return count;
}
