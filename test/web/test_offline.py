"""Tickets without a network: kept with their codes, and the pages with them."""

import contextlib
import gzip
import os
import shutil
import signal

import pytest
from fan import PHONE, allow, assert_fits, violations
from stack import wait_for


@pytest.fixture
def holder(new_fan, new_concert, stack):
    """Somebody with two paid seats who has seen them once; the page, and the number of the order."""
    fan = new_fan(size=PHONE)
    concert, item = new_concert([{"from": 1, "to": 4, "price": 0}], title="In a cellar", venue="The Cellar")
    allow(stack, concert, transfers=True, seatReturns=True)
    caller = {"userId": fan.name}
    token = stack.post("/token/add", {**caller, "concertId": concert}).json()["token"]
    order = {**caller, "concertId": concert, "itemId": item, "seatIds": [2, 3]}
    fan.order = stack.post("/reservation", order).json()["reservationId"]
    assert stack.post("/payment", {**caller, "reservationId": fan.order, "token": token}).status == 200
    page = fan.open("/tickets")
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name="Continue").click()
    page.locator("svg.code path").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return fan


@contextlib.contextmanager
def silent_nginx(stack):
    """Connections are made, and nothing comes."""
    group = os.getpgid(stack.pid("nginx"))
    assert group != os.getpgid(0)
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def codes(page):
    """The picture of each code."""
    pictures = []
    for label in ("2", "3"):
        page.locator(".codes button", has_text=f"seat {label}").click()
        pictures.append(page.get_by_role("img", name=f"seat {label}").locator("path").get_attribute("d"))
    return pictures


def test_tickets_open_without_a_network(holder, stack):
    """After a reload, in a new tab, and by the address of the list; nothing of it can be changed meanwhile."""
    page = holder.page
    before = codes(page)
    assert before[0] != before[1]
    with stack.without("nginx"):
        page.reload()
        page.get_by_text("As kept in this browser").wait_for()
        assert codes(page) == before
        card = page.locator(".ticket")
        for said in ("In a cellar", "The Cellar", "May 1, 2099", "row 1, seat 2"):
            assert said in card.inner_text()
        assert page.get_by_role("button", name="Refund").count() == page.locator(".ticket summary").count() == 0
        assert_fits(page)
        assert violations(page) == []
        other = holder.tab()
        other.goto("/?utm_source=x#/")
        other.get_by_role("link", name="My tickets").click()
        other.locator("svg.code path").wait_for()
        assert codes(other) == before
    page.get_by_role("button", name="Refund").wait_for()
    page.get_by_text("As kept in this browser").wait_for(state="detached")
    assert codes(page) == before


def test_tickets_are_there_where_the_network_does_not_answer(holder, stack):
    page = holder.page
    before = codes(page)
    with silent_nginx(stack):
        page.reload(timeout=60000)
        page.get_by_text("As kept in this browser").wait_for()
        assert codes(page) == before


def test_what_was_refunded_is_not_kept(holder, stack):
    page = holder.page
    page.get_by_role("button", name="Refund").click()
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("Cancelled or expired").wait_for()
    with stack.without("nginx"):
        page.reload()
        page.get_by_text("You are offline").wait_for()
        assert page.locator(".ticket").count() == 0
    assert not page.evaluate("Object.keys(localStorage).filter((key) => /tickets|codes/.test(key))")


def test_another_name_has_no_tickets_of_the_one_before(holder):
    page = holder.page
    page.get_by_role("button", name="Use another name").click()
    page.locator("#name").wait_for()
    assert not page.evaluate("Object.keys(localStorage).filter((key) => /tickets|codes/.test(key))")


def test_who_has_no_tickets_gets_no_service_worker(new_fan):
    page = new_fan().sign_in().open("/tickets")
    page.get_by_text("No tickets yet.").wait_for()
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_a_new_version_takes_the_place_of_the_kept_one(holder, stack):
    """Once no page of the old one is open; its files go."""
    page = holder.page
    page.reload()  # from now on it is the worker's
    page.locator("svg.code path").wait_for()
    www = stack.var / "www"
    version = page.evaluate("caches.keys()")[0].split()[-1]
    assert (www / f"v/{version}").is_dir()
    old = {name: (www / name).read_bytes() for name in ("index.html", "index.html.gz", "service-worker.js", "service-worker.js.gz")}
    script = stack.get("/service-worker.js")
    assert script.headers["Cache-Control"] == "public, max-age=0, s-maxage=10, must-revalidate"
    try:
        publish(www, version, "0123456789ab")
        # nginx may still have the old file open
        wait_for(lambda: page.evaluate("""navigator.serviceWorker.ready.then(async (registration) => {
            await registration.update();
            return registration.waiting !== null;
        })"""), step=0.5)
        page.close()
        holder.page = page = holder.tab()
        holder.open("/tickets")
        wait_for(lambda: page.evaluate("caches.keys().then((all) => all.length === 1 && all[0].endsWith(' 0123456789ab'))"))
        with stack.without("nginx"):
            page.reload()
            page.locator("svg.code path").wait_for()
            assert "v/0123456789ab/" in page.locator("script[blocking]").get_attribute("src")
    finally:
        for name, content in old.items():
            (www / name).write_bytes(content)


def publish(www, before, after):
    """As scripts/lib/web.sh does, with the same pages under another name."""
    if not (www / f"v/{after}").exists():
        shutil.copytree(www / f"v/{before}", www / f"v/{after}")
    for name in ("service-worker.js", "index.html"):
        text = (www / name).read_text().replace(before, after).encode()
        for path, content in ((www / name, text), (www / f"{name}.gz", gzip.compress(text))):
            path.with_name(f"{path.name}.new").write_bytes(content)
            path.with_name(f"{path.name}.new").rename(path)
