#!/usr/bin/env bash
# What a gate reads is not what was printed: one-dimensional codes.
#
# Guess: what was given to the encoder comes out of the reader.
# What happens:
#     - Code 39 by python-barcode has a check character by default: A-1234 is read as A-1234D, and no
#       reader takes it away, as Code 39 has none by itself. Under the bars the D stands too.
#     - Interleaved 2 of 5 has pairs of digits: 12345 is read as 012345.
#     - UPC-A's 12 digits are read as 13: 012345678905 as 0012345678905.
#     - Small letters in Code 39 (extended): Seat-12a is read by zbar as S+E+A+T-12+A.
#     Code 128 says Seat-12a as it is.
# Versions: python-barcode 0.16.1, zint 2.11.1, zbar 0.23.92 (Debian 12's).
# Source: python-barcode's documentation, Code39 (add_checksum); ISO/IEC 16390 (an even number of digits);
#     GS1's General Specifications (UPC-A is EAN-13 with a 0 before it); zint's manual, "Extended Code
#     39".
# Frontrow: prints no one-dimensional codes; tickets have QR codes. For a gate that needs them take Code
#     128, and read a code of each kind back before a sale.
. "$(dirname "$0")/lib/finding.sh"
debian_program zbarimg zbar-tools
debian_program zint zint
python_packages python-barcode==0.16.1 pillow==13.0.0
printf 'version  %s\n' "zbar $(zbarimg --version)" "$(zint --version | head -n 1)"

zbar() {
    zbarimg --quiet --raw code.png 2>/dev/null
}
code39() {
    python3 -c '
import sys
from barcode.codex import Code39
from barcode.writer import ImageWriter
options = {"add_checksum": False} if len(sys.argv) > 2 else {}
Code39(sys.argv[1], writer=ImageWriter(), **options).save("code")' "$@"
    zbar
}
by_zint() {
    zint --barcode="$1" --scale=3 --output=code.png --data="$2"
    zbar
}
finding "python-barcode, Code 39: A-1234" A-1234 A-1234D "$(code39 A-1234)"
finding "the same with add_checksum=False" A-1234 A-1234 "$(code39 A-1234 plain)"
finding "Interleaved 2 of 5: 12345" 12345 012345 "$(by_zint C25INTER 12345)"
finding "UPC-A: 012345678905" 012345678905 0012345678905 "$(by_zint UPCA 01234567890)"
finding "Code 39 extended: Seat-12a" Seat-12a S+E+A+T-12+A "$(by_zint EXCODE39 Seat-12a)"
finding "Code 128: Seat-12a" Seat-12a Seat-12a "$(by_zint CODE128 Seat-12a)"
finding_ends
