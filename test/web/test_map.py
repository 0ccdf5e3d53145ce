"""The map of a hall under a finger, and of large halls: how one comes to a seat, and what is seen on the way."""

import math

import pytest
from fan import DESKTOP, PHONE, assert_fits, violations
from stack import wait_for

LYING = PHONE[1], PHONE[0]

# what is written on canvases
WRITTEN = """window.written = new Set();
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    written.add(text);
    return fillText.call(this, text, ...rest);
};"""

SHOWN = """() => {
    const { chart } = document.querySelector("canvas");
    const { hall, x, y, scale, width, height } = chart;
    const seen = hall.sections.filter(({ box }) =>
        box.left >= x && box.top >= y && box.right <= x + width / scale && box.bottom <= y + height / scale);
    return { scale, names: seen.map(({ name }) => name) };
}"""


# whether a section has the middle of the view, or the aisle beside it
IN_THE_MIDDLE = """(name) => {
    const { chart } = document.querySelector("canvas");
    const { box } = chart.hall.sections.find((one) => one.name === name);
    const [x, y] = [chart.x + chart.width / 2 / chart.scale, chart.y + chart.height / 2 / chart.scale];
    return x > box.left - 1 && x < box.right + 3 && y > box.top && y < box.bottom;
}"""


def sections(columns, lines, prices, name="{line}-{column}".format):
    """Sections of 30 rows of 30 in a grid; each has its price of these, one after the other."""
    return [
        {"from": 1 + 30 * (30 * n + row), "to": 30 + 30 * (30 * n + row), "price": prices[n % len(prices)],
         "section": name(line=n // columns + 1, column="ABCDEFGH"[n % columns]), "row": str(row + 1), "firstLabel": 1,
         "x": 34 * (n % columns), "y": 34 * (n // columns) + row}
        for n in range(columns * lines) for row in range(30)
    ]


@pytest.fixture(scope="module")
def arena(new_concert):
    """Twelve sections on two floors, each of another price."""
    return new_concert(sections(4, 3, [150000 - 5000 * n for n in range(12)], "{line}층 {column}".format), title="An arena")


def swipe(page, start, way):
    """Moves a finger from a point; (dx, dy) is the way."""
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", start)
    for step in range(1, 11):
        touch("touchMove", (start[0] + way[0] * step / 10, start[1] + way[1] * step / 10))
    touch("touchEnd")


def middle_of_map(fan):
    canvas = fan.map()
    canvas.evaluate("(canvas) => canvas.scrollIntoView({ block: 'start' })")
    box = canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 3


def tap_section(fan, name):
    """Taps the middle of a section."""
    canvas = fan.map()
    canvas.evaluate("(canvas) => canvas.scrollIntoView({ block: 'start' })")
    box = canvas.bounding_box()
    x, y = canvas.evaluate("""({ chart }, name) => {
        const { box } = chart.hall.sections.find((one) => one.name === name);
        return [((box.left + box.right) / 2 - chart.x) * chart.scale, ((box.top + box.bottom) / 2 - chart.y) * chart.scale];
    }""", name)
    fan.page.touchscreen.tap(box["x"] + x, box["y"] + y)


# ---- a finger


def test_a_finger_scrolls_the_page_where_all_of_the_hall_is_seen(new_fan, new_concert):
    """And moves the map, not the page, where only a part is."""
    concert, item = new_concert()
    fan = new_fan(size=PHONE).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    start = middle_of_map(fan)
    before = page.evaluate("scrollY")
    swipe(page, start, (0, -120))
    wait_for(lambda: page.evaluate("scrollY") > before + 60)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    start = middle_of_map(fan)
    top, y = page.evaluate("[scrollY, document.querySelector('canvas').chart.y]")
    swipe(page, start, (0, -60))
    wait_for(lambda: page.evaluate("document.querySelector('canvas').chart.y") > y + 0.5)
    assert page.evaluate("scrollY") == top


def test_two_fingers_zoom_a_hall_that_fits(new_fan, new_concert):
    concert, item = new_concert()
    fan = new_fan(size=PHONE).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    x, y = middle_of_map(fan)
    top, scale = page.evaluate("[scrollY, document.querySelector('canvas').chart.scale]")
    session = fan.context.new_cdp_session(page)
    for kind, apart in [("touchStart", 20), *(("touchMove", 20 + 4 * step) for step in range(1, 11)), ("touchEnd", 0)]:
        points = [{"x": x, "y": y - apart, "id": 1}, {"x": x, "y": y + apart, "id": 2}] if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wait_for(lambda: page.evaluate("document.querySelector('canvas').chart.scale") > scale * 1.2)
    assert page.evaluate("scrollY") == top


def test_on_a_phone_that_lies_the_map_leaves_room(new_fan, new_concert):
    """For the choice beside it, which covers nothing, and for a finger that scrolls."""
    concert, item = new_concert()
    fan = new_fan(size=LYING, has_touch=True).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.click_seat(12)
    page.locator(".chosen li").wait_for()
    canvas, choice = fan.map().bounding_box(), page.locator(".choice").bounding_box()
    assert canvas["height"] <= 0.85 * LYING[1]
    assert choice["x"] >= canvas["x"] + canvas["width"]
    hold = page.get_by_role("button", name="Hold 1 seat")
    fan.map().evaluate("(canvas) => canvas.scrollIntoView({ block: 'start' })")
    box = hold.bounding_box()
    assert box["y"] + box["height"] <= LYING[1]
    before = page.evaluate("scrollY")
    swipe(page, (choice["x"] + 40, LYING[1] - 40), (0, -100))
    wait_for(lambda: page.evaluate("scrollY") != before)
    assert_fits(page)
    assert violations(page) == []


# ---- large halls


def test_the_first_tap_goes_to_the_section_that_was_tapped(new_fan, arena):
    """The second to its seats, the third chooses one; the overview is a way to another section."""
    concert, item = arena
    fan = new_fan(size=PHONE).sign_in()
    fan.context.add_init_script(WRITTEN)
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.map()
    assert len(page.evaluate(SHOWN)["names"]) == 12
    assert page.evaluate("written.has('2층 C')")
    tap_section(fan, "2층 C")
    wait_for(lambda: page.evaluate(SHOWN)["names"] == ["2층 C"])
    assert page.locator(".chosen li").count() == 0
    tap_section(fan, "2층 C")
    wait_for(lambda: page.evaluate(SHOWN)["scale"] >= 26)
    canvas = fan.map()
    wait_for(lambda: canvas.evaluate("({ chart }) => chart.overview !== null"))
    box = canvas.bounding_box()
    x, y = canvas.evaluate("""({ chart }) => {
        const { left, top } = chart.hall.box;
        const { picture, scale } = chart.overview;
        const { box } = chart.hall.sections.find(({ name }) => name === "3층 D");
        return [8 + ((box.left + box.right) / 2 - left + 1) * scale, chart.height - 8 - picture.height + ((box.top + box.bottom) / 2 - top + 1) * scale];
    }""")
    page.touchscreen.tap(box["x"] + x, box["y"] + y)
    wait_for(lambda: page.evaluate(IN_THE_MIDDLE, "3층 D"))
    assert page.locator(".chosen li").count() == 0
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".chosen li", has_text="3층 D").wait_for()
    assert_fits(page)


def test_sections_and_floors_are_gone_to_by_their_names(new_fan, arena):
    concert, item = arena
    fan = new_fan(size=PHONE).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.map()
    where = page.get_by_label("Go to a section")
    where.select_option("Section 3층 B")
    wait_for(lambda: page.evaluate(SHOWN)["names"] == ["3층 B"])
    where.select_option("2층")
    wait_for(lambda: page.evaluate(IN_THE_MIDDLE, "2층 B"))
    assert {"2층 A", "2층 B", "2층 C", "2층 D"} <= set(page.evaluate(SHOWN)["names"])
    where.select_option("Show the whole hall")
    wait_for(lambda: len(page.evaluate(SHOWN)["names"]) == 12)
    assert violations(page) == []


def contrast(one, other):
    def luminance(colour):
        parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (part / 255 for part in colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_two_prices_have_one_colour(new_fan, arena, theme):
    """In the legend as on the map, where the labels of seats are read on them."""
    concert, item = arena
    fan = new_fan(color_scheme=theme).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.map()
    colours = page.evaluate("""() => {
        const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const shown = (colour) => {
            context.fillStyle = colour;
            context.fillRect(0, 0, 1, 1);
            return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
        };
        const legend = [...document.querySelectorAll(".legend li")].slice(0, 12);
        const { colours } = document.querySelector("canvas").chart;
        return {
            ground: shown(getComputedStyle(document.body).backgroundColor),
            legend: legend.map((one) => shown(getComputedStyle(one.querySelector(".swatch")).backgroundColor)),
            map: colours.tiers.map(shown),
        };
    }""")
    assert colours["map"] == colours["legend"]
    assert len(colours["map"]) == 12
    for n, colour in enumerate(colours["map"]):
        assert contrast(colour, colours["ground"]) >= 4.5, (n, colour)
        assert all(math.dist(colour, other) > 24 for other in colours["map"][:n]), (n, colour)


def curved(rows, count):
    """A hall file: rows on arcs around the stage, in a plan whose unit is a centimetre."""
    lines = ["section,row,label,price,x,y"]
    for row in range(rows):
        radius = 1000 + 90 * row
        for n in range(count):
            angle = (n - (count - 1) / 2) * 55 / radius
            lines.append(f"Arc,{row + 1},{n + 1},50000,{radius * math.sin(angle):.0f},{radius * math.cos(angle) - 1000:.0f}")
    return "\n".join(lines) + "\n"


def test_rows_may_be_curved(new_fan, new_concert, stack):
    """Seats of a plan in any unit are met where they are seen, and stay together when others are faster."""
    headers = stack.admin_headers() | {"Content-Type": "text/csv"}
    hall = stack.call("POST", "/admin/hall?name=curved", curved(12, 24).encode(), headers)
    assert hall.status == 200, hall
    items = [{"date": "2099-05-01", "startsAt": "2099-05-01T10:30:00Z", "hallId": hall.json()["hallId"]}]
    concert, item = new_concert(items=items, title="In an arc")
    fan = new_fan(size=DESKTOP).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.map()
    assert page.evaluate("document.querySelector('canvas').chart.scale") > 12
    layout = stack.get(f"/concert/{concert}/item/{item}/layout?v=1").json()["seats"]
    wanted = [seat["seatId"] for seat in layout if (seat["row"], seat["label"]) in {("5", "1"), ("5", "2")}]
    for seat in wanted:
        fan.click_seat(seat)
    page.locator(".chosen li").nth(1).wait_for()
    rival = {"userId": "rival-in-an-arc", "concertId": concert}
    assert stack.post("/token/add", rival).status == 200
    assert stack.post("/reservation", {**rival, "itemId": item, "seatIds": wanted}).status == 200
    page.get_by_role("button", name="Hold these 2 seats instead").wait_for()
    offered = page.locator(".choice .notice").inner_text()
    assert "5–3" in offered and "5–4" in offered, offered
