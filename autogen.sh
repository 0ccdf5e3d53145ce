#!/bin/sh
# Makes ./configure from configure.ac. Needs autoconf, automake and autoconf-archive.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install --force --warnings=all
