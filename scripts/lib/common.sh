# Shared by all scripts: paths, messages, and the lock that lets one script run at a time.
# FRONTROW_VAR, FRONTROW_PORT, FRONTROW_LISTEN and FRONTROW_BUILD change the paths and addresses.

# Loopback, also by IPv6 if this machine has it: "localhost" may mean either.
listen_by_default() {
    printf 127.0.0.1
    ! grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || printf ' [::1]'
}

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
mkdir -p "${FRONTROW_VAR:-$ROOT/var}"
VAR=$(cd "${FRONTROW_VAR:-$ROOT/var}" && pwd -P)
BUILD=${FRONTROW_BUILD:-$VAR/build}
# addresses separated by blanks, IPv6 in brackets
LISTEN=${FRONTROW_LISTEN:-$(listen_by_default)}
PORT=${FRONTROW_PORT:-8080}
LOG=$VAR/log
PIDS=$VAR/pid
export FRONTROW_VAR=$VAR

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Prints the head of the running script: its purpose and its arguments.
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# take_no_arguments ARGUMENT...: for a script that takes only --help.
take_no_arguments() {
    (($# > 0)) || return 0
    [[ $1 == --help ]] || fail "unknown argument $1; there is --help"
    usage
    exit 0
}

# require_count OPTION VALUE...: the value of an option is a number from 1 on.
require_count() {
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "$1 takes a number from 1 on"
}

# wait_until SECONDS COMMAND...: repeats the command until it succeeds; false when the time is over.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# Holds the lock of this var/ on descriptor 9 until the script ends: up, down, restarts and the
# keeper never start the same daemon twice.
lock_var() {
    exec 9>"$VAR/lock"
    flock -w 180 9 || fail "another script has been at work in $VAR for three minutes"
}

# template_fill FILE NAME=VALUE...: prints FILE with each @NAME@ replaced; a name without a value
# is an error, so that no placeholder reaches a daemon.
template_fill() {
    local file=$1 text pair
    shift
    text=$(<"$file")
    for pair in "$@"; do
        text=${text//"@${pair%%=*}@"/"${pair#*=}"}
    done
    if [[ $text =~ @[A-Z_]+@ ]]; then
        fail "$file: nothing to put in for ${BASH_REMATCH[0]}"
    fi
    printf '%s\n' "$text"
}

# Writes standard input to FILE; true when that changed it.
write_if_changed() {
    local file=$1 text
    text=$(cat)
    if [[ -f $file && $(<"$file") == "$text" ]]; then
        return 1
    fi
    printf '%s\n' "$text" >"$file"
}

[[ $PORT =~ ^[1-9][0-9]{0,4}$ ]] && ((PORT <= 65535)) || fail "FRONTROW_PORT=$PORT is no port: 1 to 65535"
[[ $ROOT$VAR != *[[:space:]]* ]] || fail "autotools cannot build in a path with blanks: $ROOT, $VAR"
