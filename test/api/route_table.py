"""What the sources say of the routes: the table of fcgi-app/api/routes.c with its fields, and the members of a
concert that fcgi-app/api/concert_draft.c and refund_rules.c read. Tests that go by them need no change for a new field."""

import re
from dataclasses import dataclass

from stack import ROOT


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    who: str
    keyed: bool
    fields: str  # name of their table; NULL: none
    role: str = "NONE"  # that an operator needs
    upload: bool = False  # the body is a file, and the fields are those of the query

    def __str__(self):
        return f"{self.method} {self.pattern}"


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    optional: bool
    word: str = ""  # that it may be, or "one|another"

    def __str__(self):
        return self.name


@dataclass(frozen=True)
class Member:
    """One that a draft or a change of a concert has; `place` is where: items[0].seats[0]."""

    place: str
    name: str
    kind: str
    nullable: bool

    def __str__(self):
        return f"{self.place}{self.name}"


def source(name):
    return (ROOT / "fcgi-app" / name).read_text()


def routes():
    """The rows of the application's table."""
    text = source("api/routes.c")
    prefixes = dict(re.findall(r'#define (\w+) "(/\S+)"', text))
    table = text[text.index("api_routes[] = {") + len("api_routes[] = {"):]
    table = table[:table.index("};")]
    rows = re.findall(r"([A-Z]+)\(([^()]*)\),", table)
    assert len(rows) == table.count("(") > 20, "a row that is written in another way"
    found = []
    for macro, arguments in rows:
        values = re.split(r",\s*", arguments)
        method = macro if macro in ("GET", "POST", "DELETE") else values.pop(0).removeprefix("METHOD_")
        pattern = "".join(prefixes.get(part, part.strip('"')) for part in values.pop(0).split())
        role = "NONE"
        if macro in ("ADMIN", "UPLOAD", "ASSISTED"):
            who = "CALLER_OR_ADMIN" if macro == "ASSISTED" else "ADMIN"
            role = values.pop(0).removeprefix("ROLE_")
            keyed = values[-1] == "true" or macro == "ASSISTED"
        else:
            who, keyed = values.pop(0).removeprefix("WHO_"), macro in ("KEYED", "BATCHED") or values[-1] == "true"
        found.append(Route(method, pattern, who, keyed, values[0], role, macro == "UPLOAD"))
    return found


def fields():
    """Name of a table -> its fields."""
    text = source("api/routes.c")
    row = r'\{"(\w+)", FIELD_(\w+)(, \.optional = true)?'
    macros = dict(re.findall(r'#define (\w+)\s+(\{"\w+", FIELD_.*\})', re.sub(r"\s*\\\n\s*", " ", text)))
    tables = {}
    for name, body in re.findall(r"static const struct field (\w+)\[\] = \{(.*?)END,?\s*\};", text, re.DOTALL):
        whole = re.sub(r"\b[A-Z]+\b", lambda word: macros.get(word[0], word[0]), body)
        words = [(re.findall(r'\.word = "([^"]+)"', part) or [""])[0] for part in re.findall(r"\{[^{}]*\}", whole)]
        found = re.findall(row, whole)
        tables[name] = [Field(*one[:2], bool(one[2]), word) for one, word in zip(found, words)]
        assert len(tables[name]) == whole.count("{"), "a field that is written in another way"
    return tables


# what each function of concert_draft.c and refund_rules.c reads
PLACES = {
    "read_range": "items[0].seats[0].", "read_standing": "items[0].seats[0].",
    "read_times": "items[0].", "read_seats": "items[0].", "read_hall": "items[0].",
    "read_price": "items[0].prices[0].", "read_beacon": "beacon.", "read_draw": "",
    "read_settings": "", "concert_change_read": "", "read_status": "", "read_time_zone": "", "read_challenge": "", "concert_draft_read": "",
    "refund_rules_read_member": "", "read_rule": "refundRules[0].",
    "concert_about_read": "",
}
# the same of a change of a date
PLACES_OF_ITEM = {"item_change_read": "", "read_seat_changes": "", "read_seat_change": "seats[0].",
                  "read_kind": "seats[0].", "read_note": "seats[0]."}
# and of one more date, beside what a new concert's have
PLACES_OF_DATE = {"read_like": ""}


def members(places=PLACES):
    """All members of a new concert and of a change."""
    found = []
    text = source("api/concert_draft.c") + source("api/refund_rules.c")
    for function, body in re.findall(r"^(\w+)\([^;{]*\)\n\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        for kind, name, rest in re.findall(r'read(?:er)?_(\w+)\(\s*&?\w+,\s*"(\w+)"([^;]*)\);', body):
            if kind in ("enter", "refuse") or function not in places:
                assert function in PLACES | PLACES_OF_ITEM | PLACES_OF_DATE
                continue
            place = places["read_beacon" if kind == "optional_text" and function == "read_draw" else function]
            last = rest.split(",")[-1].strip()
            nullable = kind == "optional_text" or (kind, last) == ("instant", "false") or (
                kind == "integer" and last.startswith("&"))
            kind = {"small": "integer", "optional_text": "text"}.get(kind, kind)
            found.append(Member(place, name, kind, nullable))
    return found


def item_members():
    """All members of a change of a date."""
    return members(PLACES_OF_ITEM)
