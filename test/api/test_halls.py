"""Halls from files: frontrowctl hall."""

import subprocess

import pytest

KOREAN = """구역,열,좌석,가격(원),종류,비고
1층,가열,1,"150,000",,
1층,가열,2,"150,000",시야제한,기둥 뒤
,,,,,
1층,가열,휠체어 1,150000,휠체어석,
1층,가열,동반 1,150000,동반석,
2층,나열,1,,유보석,
"""


def check(stack, content, encoding="utf-8"):
    """frontrowctl hall check of this text: it needs no settings."""
    return subprocess.run([stack.build / "frontrowctl", "hall", "check", "-"], input=content.encode(encoding),
                          env={}, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("encoding, name", [
    ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("cp949", "CP949"),
])
def test_what_a_file_has(stack, encoding, name):
    done = check(stack, KOREAN, encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        f"form:    CSV, {name}, cells end with a comma",
        "columns: 구역 = section, 열 = row, 좌석 = label, 가격(원) = price, 종류 = kind, 비고 = note",
        "seats:   5 in 2 rows of 2 sections",
        "kinds:   plain 1, restricted 1, wheelchair 1, companion 1, withheld 1",
        "prices:  150000 to 150000; 1 seats have none",
    ]


def test_json_and_what_is_only_noticed(stack):
    done = check(stack, '{"seats": [{"label": "1", "x": 1, "y": 2},\n{"from": 2, "to": 30}]}')
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "form:    JSON, UTF-8", "seats:   30 in 1 rows of 1 sections", "kinds:   plain 30", "prices:  30 seats have none"]
    said = done.stderr.decode().splitlines()
    assert len(said) == 21 and said[-1] == "frontrowctl: -: and 9 seats more"
    assert said[0] == ("frontrowctl: -: line 2: column 1: Section A, row 1, seat 2 has no coordinates, and others have")


@pytest.mark.parametrize("content, said", [
    ("label\n1\n2\n1\n", "line 4: column 1: Section A, row 1, seat 1 stands in line 2 already"),
    ("PK\x03\x04", "This is the file of a spreadsheet. Open it there, choose Save As, and the type CSV (in Excel: CSV UTF-8)"),
    ('{"seats":[]', "line 1: column 11: This is not JSON: '}' expected near end of file"),
    ("label,price\n1,free\n", "line 2: column 2: price must be a whole number from 0 to 1000000000, and is free"),
])
def test_what_is_wrong_with_a_file(stack, content, said):
    done = check(stack, content)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"frontrowctl: -: {said}\n")


def test_a_file_that_cannot_be_read(stack, tmp_path):
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate((32 << 20) + 1)
    for name, said in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory"), (large, "32 MiB")):
        done = stack.ctl("hall", "check", name)
        assert done.returncode == 1 and said in done.stderr, done.stderr
