"""What a concert may allow with tickets: to give them to another user, and single seats of them back."""

import pytest
from fan import DESKTOP, PHONE, allow, assert_fits, violations
from stack import wait_for

TEXTS = {
    "en": {"transfer": "Give to somebody else", "to_user": "User ID or name", "offer": "Offer", "yes": "Yes",
           "pending": "Offered to {}.", "offered": "{} wants to give you 2 tickets.", "means": "with new codes",
           "accept": "Accept", "accepted": "The tickets are yours.", "refund": "Refund", "payer": "goes to {}, who paid"},
    "ko": {"transfer": "다른 분께 양도", "to_user": "받으실 분의 아이디", "offer": "양도하기", "yes": "네",
           "pending": "{} 님께 양도를 제안했습니다.", "offered": "{} 님이 2석을 양도하려고 합니다.", "means": "입장 코드가 새로",
           "accept": "수락", "accepted": "예매를 양도받았습니다.", "refund": "환불", "payer": "결제하신 {} 님께"},
}


@pytest.fixture
def new_show(new_concert, stack):
    """Makes a concert that allows these; its number and its date's."""

    def make(**permissions):
        concert, item = new_concert(title="A concert that allows it")
        allow(stack, concert, **permissions)
        return concert, item

    return make


def offer(fan, to, texts=TEXTS["en"]):
    page = fan.page
    page.locator("summary", has_text=texts["transfer"]).click()
    page.get_by_label(texts["to_user"]).fill(to)
    page.get_by_role("button", name=texts["offer"], exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=texts["yes"]).click()
    page.locator(".ticket .notice").get_by_text(texts["pending"].format(to)).wait_for()


def code(page):
    return page.locator("svg.code path").get_attribute("d")


def assert_fine(page):
    assert violations(page) == []
    assert_fits(page)


def ask_offer(stack, fan, order, to):
    answer = stack.post(f"/reservation/{order}/transfer", {"userId": fan.name, "toUserId": to.name})
    assert answer.status == 200, answer
    return answer.json()["transferId"]


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_tickets_are_given_to_another_user(new_fan, new_show, stack, buy, language, size):
    """Until they are accepted they stay the giver's; then their codes are new, and a refund goes to who paid."""
    texts = TEXTS[language]
    concert, item = new_show(transfers=True)
    giver, friend = (new_fan(language, size).sign_in() for _ in range(2))
    buy(giver, concert, item, seatIds=[1, 2])
    page, other = giver.open("/tickets"), friend.page
    before = code(page)
    page.locator("summary", has_text=texts["transfer"]).click()
    assert_fine(page)
    page.reload()
    offer(giver, friend.name, texts)
    assert_fine(page)
    page.reload()
    page.locator(".ticket .notice").get_by_text(texts["pending"].format(friend.name)).wait_for()
    assert page.locator("summary", has_text=texts["transfer"]).count() == 0
    assert code(page) == before
    friend.open("/tickets")
    card = other.locator(".offer")
    for said in (texts["offered"].format(giver.name), "A concert that allows it", texts["means"]):
        card.get_by_text(said).wait_for()
    assert_fine(other)
    card.get_by_role("button", name=texts["accept"]).click()
    other.get_by_text(texts["accepted"]).wait_for()
    other.locator("svg.code path").wait_for()
    assert card.count() == 0
    assert code(other) != before
    other.get_by_role("button", name=texts["refund"], exact=True).click()
    other.get_by_role("dialog").get_by_text(texts["payer"].format(giver.name)).wait_for()
    other.get_by_role("dialog").get_by_role("button", name=texts["yes"]).click()
    wait_for(lambda: stack.get(f"/point?userId={giver.name}").json()["balance"] == 2000000)
    page.reload()
    page.locator("h2").first.wait_for()
    assert page.locator(".ticket").count() == 0
    assert not page.evaluate("Object.keys(localStorage).filter((key) => /tickets|codes/.test(key))")


def test_an_offer_is_withdrawn_or_declined(new_fan, new_show, buy):
    concert, item = new_show(transfers=True)
    giver, friend = new_fan().sign_in(), new_fan().sign_in()
    buy(giver, concert, item)
    page, other = giver.open("/tickets"), friend.page
    offer(giver, friend.name)
    page.get_by_role("button", name="Withdraw the offer").click()
    page.get_by_text("The offer was withdrawn.").wait_for()
    page.locator("summary", has_text="Give to somebody else").wait_for()
    offer(giver, friend.name)
    friend.open("/tickets")
    other.get_by_role("button", name="Decline").click()
    other.get_by_role("dialog").get_by_role("button", name="Yes").click()
    other.get_by_text("The offer was declined.").wait_for()
    other.locator(".offer").wait_for(state="detached")
    page.reload()
    page.locator("summary", has_text="Give to somebody else").wait_for()


def test_refusals_of_transfers_are_said_at_their_buttons(new_fan, new_show, stack, buy):
    concert, item = new_show(transfers=True)
    giver, friend = new_fan().sign_in(), new_fan().sign_in()
    order = buy(giver, concert, item)
    page = giver.open("/tickets")
    page.locator("summary", has_text="Give to somebody else").click()
    page.get_by_label("User ID or name").fill(giver.name)
    page.get_by_role("button", name="Offer", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    page.locator(".ticket form").get_by_text("It cannot be your own.").wait_for()
    assert_fine(page)
    allow(stack, concert, maxSeatsPerUser=1)
    buy(friend, concert, item)
    transfer = ask_offer(stack, giver, order, friend)
    card = friend.open("/tickets").locator(".offer")
    card.get_by_role("button", name="Accept").click()
    card.get_by_text("more seats than one person may have").wait_for()
    assert_fine(friend.page)
    assert stack.call("DELETE", f"/transfer/{transfer}?userId={giver.name}").status == 200
    card.get_by_role("button", name="Accept").click()
    card.get_by_text("This offer is over.").wait_for()


@pytest.mark.parametrize("language, size, summary, button, yes", [
    ("en", DESKTOP, "Refund single seats", "Refund 1 seat", "Yes"), ("ko", PHONE, "일부 좌석만 환불", "1석 환불", "네")])
def test_single_seats_are_given_back(new_fan, new_show, stack, buy, language, size, summary, button, yes):
    """Their codes are no longer shown; of the last seat all goes back, by the one button that does that."""
    concert, item = new_show(seatReturns=True)
    fan = new_fan(language, size).sign_in()
    buy(fan, concert, item, seatIds=[1, 2])
    page = fan.open("/tickets")
    page.locator(".codes button").nth(1).click()
    page.locator("summary", has_text=summary).click()
    assert page.locator(".ticket form button").is_disabled()
    page.get_by_role("checkbox").nth(1).check()
    assert_fine(page)
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    assert_fine(page)
    dialog.get_by_role("button", name=yes).click()
    wait_for(lambda: page.locator(".ticket .seats li").count() == 1)
    wait_for(lambda: page.locator(".codes button").count() == 0)
    page.locator("svg.code path").wait_for()
    assert page.locator(".ticket summary").count() == 0
    assert stack.get(f"/point?userId={fan.name}").json()["balance"] == 1910000
    kept = "Object.keys(localStorage).filter((key) => /codes/.test(key)).map((key) => JSON.parse(localStorage[key]).length)"
    wait_for(lambda: page.evaluate(kept) == [1])


def test_a_used_ticket_is_not_given_back(new_fan, new_show, stack, buy):
    concert, item = new_show(seatReturns=True)
    fan = new_fan().sign_in()
    order = buy(fan, concert, item, seatIds=[1, 2])
    page = fan.open("/tickets")
    page.locator("summary", has_text="Refund single seats").click()
    ticket = stack.get(f"/reservation/{order}/ticket?userId={fan.name}").json()["tickets"][0]
    scanned = stack.post("/admin/checkin", {"code": ticket["code"], "itemId": item}, **stack.admin_headers())
    assert scanned.status == 200, scanned
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Refund 1 seat").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    page.locator(".ticket form").get_by_text("one of the tickets was used").wait_for()


def test_only_what_a_concert_allows_is_offered(new_fan, new_concert, buy):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    asked = []
    fan.page.on("request", lambda request: asked.append(request.url))
    buy(fan, concert, item, seatIds=[1, 2])
    page = fan.open("/tickets")
    page.locator("svg.code path").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator(".ticket summary").count() == 0
    assert not any("ticketchange" in url for url in asked)
