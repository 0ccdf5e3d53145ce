"""A hall of 50,000 seats: how soon it can be used, and how smoothly it is panned."""

import statistics

# The goals are 100 ms of script for the first drawing and 8 ms for a frame while panning, p95; what a
# busy machine makes of them is printed. Ten times of them are a fault where half of the frames take so
# long: a machine that does something else for a while makes some of them slow.
DRAW_MS, PAN_MS = 1000, 80


def large_hall():
    """Twenty sections of 50 rows of 50, four rows of sections."""
    return [
        {"from": 1 + 50 * (50 * section + row), "to": 50 + 50 * (50 * section + row),
         "price": 180000 - 30000 * (section // 5), "section": f"{section // 5 + 1}{'ABCDE'[section % 5]}",
         "row": str(row + 1), "firstLabel": 1, "x": 54 * (section % 5), "y": 54 * (section // 5) + row}
        for section in range(20) for row in range(50)
    ]


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def pan(page, scale):
    """The milliseconds of script of each frame while the hall is dragged along."""
    return page.evaluate(
        """async (scale) => {
            const { chart } = document.querySelector("canvas");
            if (scale) chart.zoomTo(scale);
            else chart.fit();
            const frame = () => new Promise((resolve) => {
                requestAnimationFrame(() => setTimeout(resolve));
                setTimeout(resolve, 1000);
            });
            for (let i = 0; i < 20; i++) await frame();
            chart.frames.length = 0;
            for (let i = 0; i < 200; i++) {
                chart.pan(i < 100 ? -7 : 7, i % 50 < 25 ? -4 : 4);
                await frame();
            }
            return chart.frames;
        }""",
        scale,
    )


def test_50_000_seats(new_fan, new_concert):
    concert, item = new_concert(large_hall(), title="The large hall")
    fan = new_fan().sign_in()
    page = fan.page
    page.goto("/")
    page.locator(".concert").first.wait_for()
    page.evaluate(f"window.began = performance.now(); location.hash = '#/concert/{concert}/item/{item}'")
    usable = page.evaluate("""async () => {
        const isDrawn = () => document.querySelector("canvas")?.chart?.frames.length;
        while (!isDrawn() && performance.now() < began + 60000) await new Promise((next) => setTimeout(next, 5));
        return performance.now() - began;
    }""")
    assert usable < 60000
    draws = page.evaluate(
        """() => {
            const { chart } = document.querySelector("canvas");
            const measured = [];
            for (let i = 0; i < 7; i++) {
                chart.drawn = null;
                const started = performance.now();
                chart.draw();
                measured.push(performance.now() - started);
            }
            return measured;
        }"""
    )
    draw = statistics.median(draws)
    print(f"\n50,000 seats: usable after {usable:.0f} ms, drawn in {draw:.1f} ms of script", end="")
    for scale in (None, 8, 26):
        frames = pan(page, scale)
        print(f"; panned at {scale or 'whole'}: p50 {percentile(frames, 0.5):.1f} ms, p95 {percentile(frames, 0.95):.1f} ms", end="")
        assert percentile(frames, 0.5) <= PAN_MS
    print()
    assert draw <= DRAW_MS
    fan.click_seat(1201)
    page.locator(".chosen li", has_text="1A 25–1").wait_for()
    page.get_by_role("button", name="List").click()
    page.locator("summary", has_text="Section 4E").click()
    page.locator("summary", has_text="Row 50").click()
    page.get_by_role("button", name="Section 4E, row 50, seat 50").click()
    page.get_by_role("button", name="Hold 2 seats").click()
    fan.wait_title("Your seats are held")
