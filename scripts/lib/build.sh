# Builds out of tree, in the given folder.

# build_folder FOLDER CONFIGURE-ARGUMENT...: all, or BUILD_TARGET
build_folder() {
    local folder=$1 source=$ROOT
    shift
    # autotools cannot build out of tree if the sources are configured in place; then a copy is built
    [[ ! -e $ROOT/config.status ]] || source=$VAR/source
    mkdir -p "$folder"
    (
        # autogen and make's own regeneration write into the source folder
        mkdir -p "$ROOT/var" && exec 8>"$ROOT/var/build.lock" && flock 8 &&
            # before ||, "set -e" does not apply
            { [[ -x $ROOT/configure ]] || "$ROOT/autogen.sh"; } &&
            { [[ $source == "$ROOT" ]] || make -C "$ROOT" --no-print-directory distdir distdir="$source"; } && cd "$folder" &&
            { grep -qsxF "srcdir = $source" Makefile || "$source/configure" --quiet "$@"; } &&
            make --no-print-directory -j"$(nproc)" "${BUILD_TARGET:-all}"
    ) >"$folder.log" 2>&1 || {
        tail -n 40 "$folder.log" >&2
        fail "the build failed; all of it is in $folder.log"
    }
}
