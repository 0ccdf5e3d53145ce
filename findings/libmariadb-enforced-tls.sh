#!/usr/bin/env bash
# TLS that is enforced, by MariaDB's C library, at a server that has none.
#
# Guess: MYSQL_OPT_SSL_ENFORCE means that there is either TLS or no connection, as SSL_MODE_REQUIRED does in
#     MySQL's library.
# What happens: without MYSQL_OPT_SSL_VERIFY_SERVER_CERT the client goes on in the clear, and logs in. Somebody
#     between the two can bring that about by one bit of the server's greeting, which is not encrypted. By TCP
#     it is worse: caching_sha2_password believes that the connection is encrypted, as TLS was asked for, and
#     sends the password itself.
# Versions: libmariadb 3.3.20 and MariaDB 10.11, both Debian 12's. The source of 3.4 is the same there.
# Source: mysql_optionsv(3) of MariaDB Connector/C, "Enable or disable TLS"; MDEV-28634 and pull request 224 of
#     mariadb-corporation/mariadb-connector-c.
# Frontrow: with mysql_tls = on it allows only ways to log in that do not send the password
#     (MARIADB_OPT_RESTRICTED_AUTH), asks mysql_get_ssl_cipher() after the login, and closes what is not encrypted.
#     test_accounts.py has somebody in between who asks for the password.
. "$(dirname "$0")/lib/finding.sh"
start_mariadb
need cc gcc
cat >ask.c <<'C'
#include <mysql.h>
#include <stdio.h>

int
main(int count, char **unused)
{
    my_bool on = 1, verify = count > 1;
    MYSQL *mysql = mysql_init(NULL);
    (void)unused;
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (mysql_real_connect(mysql, NULL, "root", NULL, NULL, 0, "mariadb.sock", 0) == NULL)
        printf("%s", mysql_error(mysql));
    else
        printf("logged in, %s", mysql_get_ssl_cipher(mysql) != NULL ? "by TLS" : "in the clear");
    mysql_close(mysql);
    return 0;
}
C
# shellcheck disable=SC2046
cc -o ask ask.c $(pkg-config --cflags --libs libmariadb 2>cc.log) ||
    fail "ask.c does not build; Debian's package libmariadb-dev has mysql.h"
version=$(pkg-config --modversion libmariadb)
echo "version  libmariadb $version"

refused="TLS/SSL error: SSL is required, but the server does not support it"
finding "the server has no TLS" "DISABLED" "DISABLED" \
    "$(mariadb --no-defaults -u root -S mariadb.sock -BNe 'SELECT @@have_ssl')"
finding "TLS enforced, the certificate not verified" "$refused" "logged in, in the clear" "$(./ask)"
finding "TLS enforced, the certificate verified" "$refused" "$refused" "$(./ask verify)"
finding_ends
