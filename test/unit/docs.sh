#!/bin/sh
# What the documents on security name is there: each `test_file.py::test_name`, each file, each function
# of a `file.c: function`, each link to another file.
set -eu
cd "${srcdir:-.}"
failed=0

# miss DOCUMENT WHAT
miss() {
    echo "$1 names $2, which is not there"
    failed=1
}

# quoted DOCUMENT PATTERN: what stands in backticks and is like this, a line each.
quoted() {
    grep -oE '`[^`]+`' "$1" | tr -d '`' | grep -E "^($2)\$" | sort -u
}

for document in SECURITY.md docs/threat-model.md docs/asvs.md; do
    for name in $(quoted "$document" '[a-z_]+\.py::test_[a-z0-9_]+'); do
        grep -qE "^ *def ${name#*::}\(" test/*/"${name%%::*}" 2>/dev/null || miss "$document" "$name"
    done
    for path in $(quoted "$document" '[a-z]+(-app)?/[A-Za-z0-9_./-]+'); do
        [ -e "$path" ] || [ -e "fcgi-app/$path" ] || miss "$document" "$path"
    done
    for place in $(quoted "$document" '[a-z/_-]+\.[ch]: [a-z_]+' | tr -d ' '); do
        grep -qwE "^${place#*:}\(.*" "fcgi-app/${place%%:*}" || miss "$document" "$place"
    done
    for link in $(grep -oE '\]\([^)#]+' "$document" | cut -c 3- | grep -v ://); do
        [ -e "$(dirname "$document")/$link" ] || miss "$document" "$link"
    done
done
exit $failed
