#!/bin/sh
# The man pages say what the programs say: every option and command of --help, and every setting
# with its default.
set -eu
man=${srcdir:-.}/docs/man
failed=0

# miss WHAT PAGE
miss() {
    echo "$2 does not have $1"
    failed=1
}

for program in frontrow frontrow-outbox frontrow-sweeper frontrowctl; do
    help=$(./$program --help)
    for option in $(printf '%s\n' "$help" | grep -oE -e '--[a-z-]+' | sort -u); do
        grep -q "^\.It Fl -${option#--}" "$man/$program.8" || miss "$option" "$program.8"
    done
    for option in $(sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' "$man/$program.8"); do
        printf '%s\n' "$help" | grep -q -e "--$option" || miss "--$option" "$program --help"
    done
done

./frontrowctl --help | sed -n '/^Commands/,/^$/s/^  \([a-z]* \{0,1\}[a-z]*\).*/\1/p' |
    sed 's/ *$//' | while read -r command; do
    grep -q "^\.It Cm $command" "$man/frontrowctl.8" || miss "$command" frontrowctl.8
    [ $failed = 0 ] || exit 1
done || failed=1

# key = value, as "key: value." in the page
documented=$(awk '/^\.It Cm/ { key = $3 } /^Default: / { sub(/^Default: /, ""); sub(/\.$/, "")
    print key " = " ($0 == "empty" ? "" : $0) }' "$man/frontrow.conf.5")
real=$(env -i ./frontrow --config /dev/null --print-config | grep -v '^#')
if [ "$documented" != "$real" ]; then
    echo 'frontrow.conf.5 and frontrow --print-config differ:'
    echo "$documented" >man.documented
    echo "$real" | diff man.documented - || true
    rm -f man.documented
    failed=1
fi
exit $failed
