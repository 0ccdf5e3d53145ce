# Installs the packages of scripts/lib/packages that are missing.

package_is_installed() {
    if [[ $1 == \(*\) ]]; then
        command -v "${1//[()]/}" >/dev/null
        return
    fi
    # A pattern names several packages, of which most are known but not installed. (With -q grep would
    # leave at the first, and pipefail take the writer's SIGPIPE for "not installed".)
    dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep '^ii' >/dev/null
}

# skips_are_failures: whether a skipped group of tests is a failure: packages can be installed here, and
# FRONTROW_ALLOW_SKIPS=1 is not set.
ALLOW_SKIPS=${FRONTROW_ALLOW_SKIPS:-0}
skips_are_failures() {
    [[ $ALLOW_SKIPS != 1 ]] && command -v apt-get >/dev/null &&
        { [[ $EUID == 0 ]] || sudo -n true 2>/dev/null; }
}

# packages_missing SECTION...: prints the missing packages, the first choice of each line.
packages_missing() {
    local line choice section=
    while read -r line; do
        [[ $line != \[*\] ]] || section=${line//[\[\]]/}
        [[ -n $line && $line != [\#\[]* && " $* " == *" $section "* ]] || continue
        for choice in ${line//|/ }; do
            ! package_is_installed "$choice" || continue 2
        done
        printf '%s\n' "${line%%|*}"
    done <"$ROOT/scripts/lib/packages"
}

# install_packages [SECTION...]: by default what scripts/up and scripts/test need.
install_packages() {
    local missing section as_root=()
    (($# > 0)) || set -- build run test
    for section in "$@"; do
        grep -qxF "[$section]" "$ROOT/scripts/lib/packages" || fail "scripts/lib/packages has no [$section]"
    done
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]} > 0)) || return 0
    say "installing ${missing[*]}"
    command -v apt-get >/dev/null || fail "this is no Debian; please install what these packages have: ${missing[*]}"
    if [[ $EUID != 0 ]]; then
        # ask for the password now, in a line of its own: among the output of apt nobody would see it
        command -v sudo >/dev/null && say "sudo is asked, and may want your password" && sudo -v ||
            fail "run this as root, or install them yourself: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" bash "$ROOT/scripts/lib/apt-install" "${missing[@]}"
}
