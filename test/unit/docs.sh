#!/bin/sh
# What a document names is there: each file and folder, each test of a `test_file.py::test_name`, each function of a
# `file.c: function`, each link to another file and to a heading. And some phrases that had to be decoded do
# not come back, in the texts of the pages too.
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

# anchors DOCUMENT: its headings, as links name them.
anchors() {
    sed -n 's/^##* //p' "$1" | tr '[:upper:] ' '[:lower:]-' | tr -cd '[:alnum:]_\n-'
}

# Of the tree; not var/, which the scripts make, nor paths of a machine.
FOLDERS='fcgi-app|base|mysql|redis|domain|api|ctl|server|nginx|schema|scripts|k6|test|docs|findings|observe|\.ci|m4'

for document in *.md docs/*.md docs/incidents/*.md findings/README.md fcgi-app/README.md; do
    for name in $(quoted "$document" '[a-z_]+\.py::test_[a-z0-9_]+'); do
        grep -qE "^ *def ${name#*::}\(" test/*/"${name%%::*}" 2>/dev/null || miss "$document" "$name"
    done
    for path in $(quoted "$document" "($FOLDERS)/[A-Za-z0-9_./-]*"); do
        # a program or a module may be named without its ending
        [ -e "$path" ] || [ -e "fcgi-app/$path" ] || [ -e "$path.c" ] || [ -e "fcgi-app/$path.c" ] ||
            miss "$document" "$path"
    done
    for place in $(quoted "$document" '[a-z/_-]+\.[ch]: [a-z_]+' | tr -d ' '); do
        file=${place%%:*}
        grep -qwE "^${place#*:}\(.*" "fcgi-app/${file#fcgi-app/}" 2>/dev/null || miss "$document" "$place"
    done
    for link in $(grep -oE '\]\([^)]+' "$document" | cut -c 3- | grep -v ://); do
        file=$document
        [ -z "${link%%#*}" ] || file=$(dirname "$document")/${link%%#*}
        [ -e "$file" ] || miss "$document" "$link"
        [ "${link#*#}" = "$link" ] || anchors "$file" | grep -qx -e "${link#*#}" || miss "$document" "$link"
    done
done

# The map answers ten questions at least.
questions=$(sed -n '/^## Where is/,/^In paths/p' CONTRIBUTING.md | grep -c '^| .* | .*`')
if [ "$questions" -lt 10 ]; then
    echo "CONTRIBUTING.md says of $questions things only where they are"
    failed=1
fi

# In a diagram Mermaid takes what follows a `;` as the next statement.
if sed -n '/^```mermaid/,/^```$/p' docs/*.md | grep ';'; then
    echo "a diagram of docs/ has a semicolon"
    failed=1
fi

# A table begins with its heads and a line of dashes; a row that stands elsewhere is shown as plain text.
for document in *.md docs/*.md docs/incidents/*.md fcgi-app/README.md findings/README.md; do
    awk '/^```/ { code = !code }
        begun && !/^\|[-:| ]+$/ { print FILENAME ":" NR - 1 ": a row outside its table"; bad = 1 }
        { begun = !code && !rows && /^\|/; rows = /^\|/ }
        END { exit bad }' "$document" || failed=1
done

# Phrases that had to be read twice. Say "if", "only", "a user who ...", "default", "queue" instead.
DECODED='nothing but |whoever|what was got|asked again|to be had|nothing is said|has to be said|a good (hundred|thousand)|
[(]?not there, and|^there, and|do it although|would not have|goes by (the|its|other)|as it stands|
(line|queue) is kept|keeps? (a|no) (line|queue)|waiting line'
for document in *.md docs/*.md docs/incidents/*.md docs/man/* findings/README.md nginx/www/app/*text.js; do
    if grep -nEi "$(printf '%s' "$DECODED" | tr -d '\n')" "$document"; then
        echo "$document: say it so that nobody has to decode it"
        failed=1
    fi
done
exit $failed
