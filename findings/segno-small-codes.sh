#!/usr/bin/env bash
# A short ticket code or seat as a QR code by segno.
#
# Guess: segno.make() gives a QR code that any reader reads, and it says what was put in.
# What happens:
#     - What is short (up to some 20 characters) becomes a Micro QR code, with one eye instead of three.
#       zbar does not find it at all; not each scanner at a gate knows the kind. segno.make_qr() makes
#       none.
#     - Texts of an even number of bytes that could be Shift-JIS are taken for it: "è5" and "ça" become
#       one Chinese character each, in make_qr() too, and a reader has no way to know. With
#       encoding="utf-8" they are right.
# Versions: segno 1.6.6, zbar 0.23.92 (Debian 12), zxing-cpp 3.1.1, which reads Micro QR codes too.
# Source: segno's documentation, "Micro QR Codes" and "Encoding of QR Codes".
# Frontrow: its pages make codes with lean-qr, which makes no Micro QR codes, and a ticket's code is
#     ASCII.
. "$(dirname "$0")/lib/finding.sh"
debian_program zbarimg zbar-tools
python_packages segno==1.6.6 zxing-cpp==3.1.1 pillow==13.0.0 numpy==2.4.6
printf 'version  zbar %s\n' "$(zbarimg --version)"

# qr CALL: code.png; the kind of code
qr() {
    python3 -c "
import segno
code = segno.$1
code.save('code.png', scale=6)
print(code.designator)"
}
zbar() {
    zbarimg --quiet --raw code.png 2>/dev/null || echo nothing
}
zxing() {
    python3 -W ignore -c '
import zxingcpp
from PIL import Image
print(*(found.text for found in zxingcpp.read_barcodes(Image.open("code.png").convert("L"))))'
}
finding "make('A-1234') is" "a QR code of version 1" M2-L "$(qr "make('A-1234')")"
finding "zbar reads" A-1234 nothing "$(zbar)"
finding "zxing-cpp reads" A-1234 A-1234 "$(zxing)"
qr "make_qr('A-1234')" >kind
finding "make_qr('A-1234'): zbar reads" A-1234 A-1234 "$(zbar)"
for text in "è5:鑾" "ça:軋"; do
    qr "make_qr('${text%:*}')" >kind
    finding "make_qr('${text%:*}'): zxing-cpp reads" "${text%:*}" "${text#*:}" "$(zxing)"
done
qr "make_qr('è5', encoding='utf-8')" >kind
finding "make_qr('è5', encoding='utf-8'): zxing-cpp reads" è5 è5 "$(zxing)"
finding_ends
