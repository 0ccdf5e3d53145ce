"""What is exported opens in LibreOffice, and what LibreOffice saves is a hall. For scripts/lib/test-office, which installs
it in a Debian of its own."""

import csv
import io
import os
import pathlib
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest
from helpers import new_concert, new_user, ok, reserve

OFFICE = pathlib.Path(os.environ.get("FRONTROW_OFFICE", "/nonexistent"))
IN_OFFICE = """
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 "$@"
"""
UTF_8, CP949, UTF_16 = 76, 62, 65535  # as LibreOffice numbers them
NAMES = {name: f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "office", "text")}


def convert(data, name, form, *options):
    """The bytes of a file as LibreOffice saves it in another form."""
    folder = OFFICE / "exchange"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    (folder / name).write_bytes(data)
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-euc", IN_OFFICE, OFFICE, "soffice", "--headless",
         *options, "--convert-to", form, "--outdir", "/exchange/out", f"/exchange/{name}"],
        capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    saved = list((folder / "out").iterdir())
    assert len(saved) == 1, done.stdout + done.stderr
    return saved[0].read_bytes()


def as_csv(separator=",", charset=UTF_8, texts=False):
    """How a CSV is read or written; `texts`: quoted cells stay texts, as one can choose in its dialog."""
    return f"{ord(separator)},34,{charset},1,,0,{str(texts).lower()},true"


def cells(document):
    """The rows of a flat document: (type, value, whether it is a formula) of each cell."""
    table, office, text = (NAMES[name] for name in ("table", "office", "text"))
    rows = []
    for row in xml.fromstring(document).iter(f"{table}table-row"):
        found = []
        for cell in row.iter(f"{table}table-cell"):
            kind = cell.get(f"{office}value-type")
            shown = "\n".join("".join(part.itertext()) for part in cell.iter(f"{text}p"))
            value = (kind, float(cell.get(f"{office}value")) if kind == "float" else shown, cell.get(f"{table}formula") is not None)
            found += [value] * int(cell.get(f"{table}number-columns-repeated", 1))
        while found and found[-1][0] is None:
            found.pop()
        if found:
            rows.append(found)
    return rows


@pytest.fixture(scope="module")
def exported(stack):
    """A CSV of seats with names that spreadsheets like to change: (bytes, rows of texts)."""
    concert = new_concert(stack, seats=6)
    names = [("앞, \"1층\"", "가열", "007"), ("=1+1", "+2", "-3"), ("@SUM(A1)", "1-2", "3E5"), ("2층", "1/2", "1.10"),
             ("휠체어 2", "참", "TRUE"), ("A", "1", "6")]
    for number, name in enumerate(names, 1):
        stack.query("UPDATE seat SET section = %s, row_name = %s, label = %s WHERE item_id = %s AND seat_no = %s",
                    *name, concert.item, number)
    reserve(stack, "=" + new_user("cmd"), concert, concert.item, [2])
    answer = stack.get(f"/admin/concert/{concert.id}/export?what=seats&itemId={concert.item}", **stack.admin_headers())
    assert answer.status == 200
    return answer.body, list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


def test_an_export_has_the_same_cells(exported):
    """Where quoted cells stay texts: names with leading zeros too, none is a formula, and amounts are numbers."""
    data, rows = exported
    opened = cells(convert(data, "seats.csv", "fods", f"--infilter=CSV:{as_csv(texts=True)}"))
    numbers = {rows[0].index(name) for name in ("itemId", "seatId", "price", "reservationId", "x", "y")}
    assert opened[0] == [("string", name, False) for name in rows[0]]
    for shown, row in zip(opened[1:], rows[1:], strict=True):
        shown += [(None, "", False)] * (len(row) - len(shown))
        for at, value in enumerate(row):
            expected = (None, "") if value == "" else ("float", float(value)) if at in numbers else ("string", value)
            assert shown[at] == (*expected, False), (rows[0][at], value)


def test_an_export_opened_as_its_dialog_proposes(exported):
    """It knows UTF-8 by the mark, and makes numbers of what looks like one: but no formula, and Korean is Korean."""
    data, rows = exported
    has_formula = lambda rows: any(is_formula for row in rows for _, _, is_formula in row)
    open_it = lambda data: cells(convert(data, "seats.csv", "fods", f"--infilter=CSV:{as_csv()}"))
    opened = open_it(data)
    assert not has_formula(opened) and has_formula(open_it(data.replace(b"'=", b"="))), "the apostrophe keeps it a text"
    at = rows[0].index("section")
    assert [row[at][1] for row in opened[1:]] == [row[at] for row in rows[1:]]


HALL = """구역,열,좌석,등급,가격,종류,비고
1층,가열,"007",R석,"150,000",,
1층,가열,3A,R석,"150,000",시야제한,"기둥, 뒤"
1층,가열,,,,,
1층,가열,휠체어 2,R석,150000,휠체어석,
1층,가열,동반 2,R석,150000,동반석,
2층,AA,1,S석,"₩90,000",유보석,
"""


@pytest.mark.parametrize("charset, codec, separator", [
    (CP949, "cp949", ","), (UTF_8, "utf-8", ";"), (UTF_16, "utf-16", "\t")], ids=["cp949", "utf-8", "utf-16"])
def test_a_hall_that_it_has_saved(stack, charset, codec, separator):
    """It is the same hall as the one from which LibreOffice made its document."""
    text = HALL if charset != CP949 else HALL.replace("₩", "")
    document = convert(text.encode(), "hall.csv", "fods", f"--infilter=CSV:{as_csv(texts=True)}")
    saved = convert(document, "hall.fods", f"csv:Text - txt - csv (StarCalc):{as_csv(separator, charset)}")
    assert "휠체어 2" in saved.decode(codec) and separator in saved.decode(codec)
    read = lambda data: ok(stack.call("POST", "/admin/hall?dryRun=true", data, stack.admin_headers() | {"Content-Type": "text/csv"}))
    ours, theirs = read(text.encode()), read(saved)
    assert theirs["seats"] == ours["seats"] and [seat["label"] for seat in ours["seats"]] == ["007", "3A", "휠체어 2", "동반 2", "1"]
    assert theirs["kinds"] == ours["kinds"] and ours["kinds"]["wheelchair"] == ours["kinds"]["companion"] == 1
