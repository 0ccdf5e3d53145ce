#!/bin/sh
# Every input of the corpora once, without libFuzzer: none may end its fuzzer.
set -eu
for corpus in "${srcdir:-.}"/test/fuzz/corpus/*; do
    "test/fuzz/fuzz_${corpus##*/}" "$corpus"
done
