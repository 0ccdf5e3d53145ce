#!/bin/sh
# docs/engines.md says what Frontrow does at each error of a store that it knows.
set -eu
cd "${srcdir:-.}"

numbers=$(sed -n 's/ROW(\([0-9]*\),[^R]*/\n\1 /gp' fcgi-app/mysql/refusal_list.h | sed -n 's/^\([0-9]\{1,\}\) .*/\1/p')
words=$(sed -n 's/^    {"\([^"]*\)", REDIS_.*/\1/p' fcgi-app/redis/refusal.c)
[ -n "$numbers" ] && [ -n "$words" ]

missing=$(printf '%s\n%s\n' "$numbers" "$words" | while read -r known; do
    grep -qwF "$known" docs/engines.md || echo "docs/engines.md does not have $known"
done)
[ -z "$missing" ] || { echo "$missing"; exit 1; }
