#!/bin/sh
# Makes ./configure from configure.ac. Needs autoconf, automake and pkg-config.
set -eu
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
    command -v "${tool%:*}" >/dev/null || {
        echo "autogen.sh: ${tool%:*} is missing; on Debian: apt install ${tool#*:} (docs/deploy.md has them all)" >&2
        exit 1
    }
done
exec autoreconf --install --force --warnings=all
