"""The draw, from entering it to the check that anybody can run in the page."""

import hashlib
import re

import pytest
from draw_clock import Draw
from fan import PHONE, violations


@pytest.fixture
def new_draw(stack, new_concert):
    def make(**settings):
        concert, _ = new_concert(title="Drawn", admissionCapacity=0)
        return Draw(stack, concert, **settings)

    return make


def enter(fan, draw, name):
    page = fan.open(f"/concert/{draw.concert}/queue")
    page.get_by_role("button", name=name).click()
    return page


def fact(page, name):
    return page.locator(".fact", has_text=name).locator("dd").inner_text()


def test_the_draw_verified_in_the_page(new_fan, new_draw, stack):
    draw = new_draw(beacon={"source": "The lottery of Saturday"})
    for number in range(20):
        stack.post("/token/add", {"userId": f"entry-{number}", "concertId": draw.concert})
    fan, late = new_fan(size=PHONE).sign_in(), new_fan("ko").sign_in()
    page = fan.open(f"/concert/{draw.concert}/queue")
    page.get_by_role("button", name="Enter the draw").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Enter the draw").click()
    fan.wait_title("You are in")
    page.get_by_text("Entries are being collected").wait_for()
    page.get_by_text("How the draw can be checked").click()
    page.locator("code", has_text=draw.show()["commitment"]).wait_for()
    assert violations(page) == []
    page.reload()
    fan.wait_title("You are in")

    draw.publish()
    page.get_by_text("its list is published").wait_for()
    assert fact(page, "In the draw") == "21"
    page.get_by_role("button", name="Check the draw").click()
    page.get_by_text("Your entry is in it, in line 21.").wait_for()
    assert violations(page) == []
    behind = enter(late, draw, "대기열 들어가기")
    late.wait_title("참여되었습니다")
    draw.change(beacon={"value": "4 8 15 16 23 42"})
    draw.step()
    page.get_by_text("The order is drawn").wait_for()
    draw.reveal()
    page.locator(".ahead").wait_for()
    token = page.evaluate(f"JSON.parse(localStorage['frontrow.token.{draw.concert}']).token")
    rank = draw.rank_of(token)
    assert fact(page, "Your number") == str(rank)

    page.get_by_role("button", name="Check the draw").click()
    page.get_by_text("Everything is as it was promised").last.wait_for()
    page.get_by_text(f"Seed, list and beacon give your number: {rank}.").wait_for()
    assert page.locator(".steps li").count() == 5
    assert violations(page) == []
    behind.locator(".ahead").wait_for()
    behind.get_by_role("button", name="추첨 확인하기").click()
    behind.get_by_text("접수가 끝난 뒤에 오셔서").wait_for()
    behind.get_by_text("모두 약속한 대로입니다").last.wait_for()


def swap_lines(list_text):
    lines = list_text.splitlines(keepends=True)
    return "".join(reversed(lines))


def test_what_was_tampered_with_is_found(new_fan, new_draw, stack):
    """The list in another order; another list with its right hash; another seed with its commitment."""
    draw = new_draw()
    stack.post("/token/add", {"userId": "entry", "concertId": draw.concert})
    fan = new_fan().sign_in()
    page = enter(fan, draw, "Enter the draw")
    fan.wait_title("You are in")
    page.get_by_text("not protected against the organiser").first.wait_for()
    draw.publish()
    page.get_by_text("The order is drawn").wait_for()
    page.route("**/draw/*.txt", lambda route: route.fulfill(body=64 * "0" + "\n"))
    page.get_by_role("button", name="Check the draw").click()
    page.get_by_text("Your entry is missing in the list.").wait_for()
    draw.reveal()
    page.locator(".ahead").wait_for()
    true = draw.show()
    changed = swap_lines(stack.get(true["list"]).body.decode())

    def say(**members):
        """What the page is told of the draw from now on."""
        page.unroute_all()
        page.route("**/draw/*.txt", lambda route: route.fulfill(body=changed))
        page.route("**/queue", lambda route: route.fulfill(json=stack.fresh(
            f"/concert/{draw.concert}/queue").json() | {"draw": true | members}))

    def check():
        page.reload()
        page.get_by_role("button", name="Check the draw").click()
        page.get_by_text("This is not as it was promised").last.wait_for()
        return {re.sub(r"^✗ ", "", text) for text in page.locator(".steps li.error").all_inner_texts()}

    promised = "The commitment, the list, the beacon or its source is not what this browser saw first."
    say()
    assert "The list is not the published one." in check()
    say(listHash=hashlib.sha256(changed.encode()).hexdigest())
    assert promised in check()
    seed = bytes(32)
    say(seed=seed.hex())
    assert "The seed is not the one of the commitment." in check()
    say(seed=seed.hex(), commitment=hashlib.sha256(seed).hexdigest())
    assert promised in check()
