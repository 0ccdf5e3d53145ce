#!/usr/bin/env bash
# Korean rows in a QR code, read by zbar.
#
# Guess: a QR code with UTF-8 in it, which is what nearly all encoders write, is read as UTF-8, or always
#     wrongly.
# What happens: zbar guesses the encoding of each code by its bytes, and short texts look like Big5 or
#     Latin-1: row 나 is read rightly, row 가 is not ("穈"), nor are 차 and 카, nor "가-1", "3층" (floor 3) and
#     "김" (a name). "가열 3번" is right again. A test with a few rows passes. The code has no mark of its
#     encoding; with one (ECI 26, as zint writes it) zbar is right, and so is zxing-cpp without.
# Versions: zbar 0.23.92, qrencode 4.1.1, zint 2.11.1 (all Debian 12's), zxing-cpp 3.1.1.
# Source: ISO/IEC 18004 says Latin-1 where there is no ECI; mchehab/zbar issue 212 (UTF-8 taken for Big5);
#     zint's manual, "Input modes" (ECI).
# Frontrow: a ticket's code has ASCII only. Put ids into codes, not names of rows and people; names are
#     shown beside it.
. "$(dirname "$0")/lib/finding.sh"
debian_program zbarimg zbar-tools
debian_program qrencode qrencode
debian_program zint zint
python_packages zxing-cpp==3.1.1 pillow==13.0.0 numpy==2.4.6
printf 'version  %s\n' "zbar $(zbarimg --version)" "$(qrencode --version 2>&1 | head -n 1)" \
    "$(zint --version | head -n 1)"

ROWS=(가 나 다 차 카 하 가-1 나-3 "가열 3번" 3층 VIP석 김 홍길동)

# read_by READER WRITER: which of the rows are read as something else
read_by() {
    local row read
    for row in "${ROWS[@]}"; do
        "$2" "$row"
        read=$("$1")
        [[ $read == "$row" ]] || printf '%s ' "$row"
    done
}
plain() {
    printf %s "$1" | qrencode --size 6 --output code.png
}
with_eci() {
    zint --barcode=QRCODE --eci=26 --scale=3 --output=code.png --data="$1" 2>zint.log
}
zbar() {
    zbarimg --quiet --raw code.png 2>/dev/null
}
zxing() {
    python3 -W ignore -c '
import zxingcpp
from PIL import Image
print(*(found.text for found in zxingcpp.read_barcodes(Image.open("code.png").convert("L"))))'
}
echo "codes: ${ROWS[*]}"
finding "zbar misreads" "none, or all" "가 차 카 가-1 3층 김 " "$(read_by zbar plain)"
finding "zxing-cpp misreads" none "" "$(read_by zxing plain)"
finding "with ECI 26 zbar misreads" none "" "$(read_by zbar with_eci)"
finding_ends
