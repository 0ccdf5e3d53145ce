# The private MySQL or MariaDB: everything under var/mysql, reached by its socket only.

# Prefers MySQL 8 or later if the machine has it, else MariaDB. Sets MYSQLD, MYSQL_KIND, and MYSQL_CLIENT
# with what it always gets; false if there is neither. (MariaDB installs a `mysqld` too, and its client refuses
# a server without TLS from 11.4 on, also by a socket.)
mysql_find() {
    local version client
    client=$(PATH=$PATH:/usr/sbin command -v mysql || true)
    MYSQLD=$(PATH=$PATH:/usr/sbin command -v mysqld || true)
    version=$([[ -z $MYSQLD ]] || "$MYSQLD" --no-defaults --version 2>/dev/null || true)
    if [[ $version =~ Ver\ ([0-9]+)\. && $version != *MariaDB* ]] && ((BASH_REMATCH[1] >= 8)); then
        MYSQL_KIND=MySQL
        MYSQL_CLIENT=("$client" --no-defaults)
    else
        MYSQL_KIND=MariaDB
        MYSQLD=$(PATH=$PATH:/usr/sbin command -v mariadbd || true)
        client=$(command -v mariadb || true)
        MYSQL_CLIENT=("$client" --no-defaults --skip-ssl)
    fi
    [[ -n $MYSQLD && -n $client ]]
}

mysql_configure() {
    # A starting MariaDB deletes the temporary tables that it finds in /tmp, another one's as well.
    mkdir -p "$VAR/mysql-tmp"
    # Only this file is read (--defaults-file): the machine's settings do not leak in.
    # "loose" settings are known to one of the two servers only. A test may have put more into mysql.extra.
    cat >"$VAR/my.cnf" <<END
[mysqld]
datadir = $VAR/mysql
tmpdir = $VAR/mysql-tmp
secure-file-priv = $VAR/mysql-tmp
socket = $RUN/mysql.sock
pid-file = $RUN/mysql.pid
$([[ $EUID != 0 ]] || echo 'user = root')
skip-networking
loose-mysqlx = OFF
# as MariaDB's default: nothing here reads it, and it takes some 200 MB a server
performance_schema = OFF
skip-log-bin
character-set-server = utf8mb4
transaction-isolation = READ-COMMITTED
max_connections = 400
innodb_buffer_pool_size = ${FRONTROW_MYSQL_MEMORY:-512M}
loose-innodb_log_file_size = ${FRONTROW_MYSQL_LOG:-256M}
innodb_flush_log_at_trx_commit = 1
$(cat "$VAR/mysql.extra" 2>/dev/null || true)
END
}

# Makes the data folder once, completely or not at all. (--force: without it, it would
# look up the machine's own name, which a bare machine cannot do.)
mysql_create_data() {
    [[ ! -d $VAR/mysql ]] || return 0
    say "making the data folder of $MYSQL_KIND"
    rm -rf "$VAR/mysql.new"
    mkdir -m 700 "$VAR/mysql.new"
    mkdir -p "$VAR/mysql-tmp"
    local -x TMPDIR=$VAR/mysql-tmp # as in mysql_configure
    local as_root=()
    [[ $EUID != 0 ]] || as_root=(--user=root)
    if [[ $MYSQL_KIND == MySQL ]]; then
        "$MYSQLD" --no-defaults --initialize-insecure --datadir="$VAR/mysql.new" "${as_root[@]}"
    else
        mariadb-install-db --no-defaults --datadir="$VAR/mysql.new" "${as_root[@]}" \
            --auth-root-authentication-method=normal --skip-test-db --force
    fi >>"$LOG/mysql.log" 2>&1 || fail_with_log mysql "could not make its data folder"
    mv "$VAR/mysql.new" "$VAR/mysql"
}

# The client alone would wait for ever for a server that hangs; here it waits MYSQL_PATIENCE seconds.
mysql_query() {
    timeout "${MYSQL_PATIENCE:-300}" "${MYSQL_CLIENT[@]}" --batch --skip-column-names -u root -S "$RUN/mysql.sock" -e "$@"
}

# The socket's folder is closed to others, so neither account has a password.
mysql_create_database() {
    mysql_query "CREATE DATABASE IF NOT EXISTS frontrow CHARACTER SET utf8mb4;
                 CREATE USER IF NOT EXISTS frontrow@localhost;
                 GRANT ALL ON frontrow.* TO frontrow@localhost;
                 GRANT ALL ON \`frontrow\\_rehearsal\`.* TO frontrow@localhost;"
}

mysql_start() {
    process_start mysql "$MYSQLD" --defaults-file="$VAR/my.cnf"
}

mysql_is_ready() {
    MYSQL_PATIENCE=5 mysql_query 'SELECT 1' >/dev/null 2>&1
}
