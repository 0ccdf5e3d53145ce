# Folders with a Debian each, made by debootstrap, in which one test runs alone. Only for root.

# root_make SUITE FOLDER: makes it once; on failure prints why.
root_make() {
    [[ ! -e $2/complete ]] || return 0
    (install_packages roots) >&2 || {
        say "debootstrap cannot be installed"
        return 1
    }
    say "making a Debian $1 in $2 (two minutes, once)" >&2
    rm -rf "$2"
    mkdir -p "$2"
    unshare --mount debootstrap --variant=minbase "$1" "$2" >"$2.log" 2>&1 || {
        say "debootstrap failed; $2.log says why"
        return 1
    }
    # a mirror that stands still is good enough for tests
    echo 'Acquire::Check-Valid-Until "false";' >"$2/etc/apt/apt.conf.d/90frontrow"
    touch "$2/complete"
}

# root_copy_sources FOLDER: the sources as they are, into FOLDER/frontrow. What was made here from them stays
# here, and what was made there, there.
MADE=(.git var configure aclocal.m4 autom4te.cache build-aux Makefile.in)
root_copy_sources() {
    mkdir -p "$1/frontrow"
    # shellcheck disable=SC2046 # many words are meant
    find "$1/frontrow" -mindepth 1 -maxdepth 1 $(printf ' ! -name %s' "${MADE[@]}") -exec rm -rf {} +
    tar -C "$ROOT" -c --anchored "${MADE[@]/#/--exclude=./}" . | tar -C "$1/frontrow" -x
}
