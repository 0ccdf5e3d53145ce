# Daemons by pid file. A pid alone may belong to another process by now; together with the time at which the
# process started it is unique, so a pid file holds both. Each daemon leads its own process group, by which its
# children are found after it was killed.

# process_inspect PID: sets PROCESS_STATE and PROCESS_STARTED, false where there is none.
process_inspect() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # the name, in brackets, may contain anything, so read the fields after it
    read -ra fields <<<"${line##*) }"
    PROCESS_STATE=${fields[0]}
    PROCESS_STARTED=${fields[19]}
}

# Sets PROCESS_PID and PROCESS_BORN from the pid file of NAME, false where there is none.
process_recorded() {
    PROCESS_PID='' PROCESS_BORN=''
    [[ -s $PIDS/$1 ]] && read -r PROCESS_PID PROCESS_BORN <"$PIDS/$1"
}

process_is_alive() {
    process_recorded "$1" && process_inspect "$PROCESS_PID" &&
        [[ $PROCESS_STARTED == "$PROCESS_BORN" && $PROCESS_STATE != [ZX] ]]
}

process_is_gone() {
    ! process_is_alive "$1"
}

# Kills what a dead daemon left of its group (nginx's workers keep the port), and forgets it.
process_clear() {
    process_recorded "$1" || return 0
    # another process may have this number by now: then it is not our group
    if ! process_inspect "$PROCESS_PID" || [[ $PROCESS_STARTED == "$PROCESS_BORN" ]]; then
        kill -KILL -- "-$PROCESS_PID" 2>/dev/null || true
    fi
    rm -f "$PIDS/$1"
}

# The processes that a living one has begun, as Linux lists them.
process_children() {
    cat "/proc/$1/task/$1/children"
}

# True if none of these accepts calls any more: nginx renames a worker that only finishes its calls.
processes_have_left() {
    local pid command
    for pid in "$@"; do
        command=$({ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null) || true
        [[ -z $command || $command == *'is shutting down'* ]] || return 1
    done
}

# process_start NAME COMMAND...: in the background, output to its log.
process_start() {
    local name=$1
    shift
    process_clear "$name"
    # a lock that a daemon inherits would never be released
    setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null 9>&- &
    process_inspect $! || fail_with_log "$name" "ended"
    # by a rename: a reader finds no file or a complete one
    printf '%s %s\n' $! "$PROCESS_STARTED" >"$PIDS/.$name"
    mv -f "$PIDS/.$name" "$PIDS/$name"
}

# process_stop NAME SIGNAL SECONDS: sends the signal, waits, and kills what is left. (A process that was stopped
# by SIGSTOP does not react to the signal.)
process_stop() {
    if process_is_alive "$1"; then
        kill -s "$2" "$PROCESS_PID" 2>/dev/null || true
        kill -s CONT "$PROCESS_PID" 2>/dev/null || true
        wait_until "$3" process_is_gone "$1" || say "$1 did not end within $3 s and is killed"
    fi
    process_clear "$1"
}
