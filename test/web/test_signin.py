"""The pages sign in at an identity provider: a real one, oidc-provider, in a real browser."""

import contextlib
import json
import re
import subprocess

import pytest
from fan import DESKTOP, PHONE, TOOLS, assert_fits, violations
from stack import ROOT, free_port, wait_for
from tokens import Key, jwks, number

AUDIENCE = "https://shop.example/api"
TEXTS = {
    "en": {"enter": "Join the queue", "dialog": "Please sign in", "sign_in": "Sign in", "turn": "It is your turn",
           "held": "Your seats are held", "paid": "Paid", "tickets": "Show my tickets", "known": "You are {} Kim.",
           "id": "Your user ID is {}."},
    "ko": {"enter": "대기열 들어가기", "dialog": "로그인해 주세요", "sign_in": "로그인", "turn": "입장하실 차례입니다",
           "held": "좌석을 선점했습니다", "paid": "결제가 끝났습니다", "tickets": "내 예매 보기", "known": "{} Kim 님", "id": "아이디: {}"},
}


def lacks_node():
    """oidc-provider needs node 20; Debian 12 has 18."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return True
    return int(re.match(r"v(\d+)", version)[1]) < 20


pytestmark = pytest.mark.skipif(lacks_node(), reason="oidc-provider needs node 20")


class Provider:
    """The process, with a key of its own; what it does differently is said with `change`."""

    def __init__(self, folder):
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key = Key("ES256", "signs")
        self.keys_file = folder / "jwks.json"
        self.keys_file.write_text(jwks(self.key))
        self.process = None

    def settings(self):
        return {"caller": "jwt", "jwt_keys_file": self.keys_file, "jwt_issuer": self.issuer, "jwt_audience": AUDIENCE,
                "jwt_leeway_s": 0, "signin_client": "pages", "signin_scope": "openid profile", "charge": "anyone"}

    def start(self, shop):
        self.process = subprocess.Popen(
            ["node", ROOT / "test/web/provider/provider.mjs", TOOLS / "provider"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        secret = number(self.key.private.private_numbers().private_value, 32)
        self.say({"port": self.port, "shop": f"{shop.url}/", "key": self.key.jwk(d=secret, alg="ES256", use="sig")}, "listening")

    def say(self, message, answer):
        self.process.stdin.write(f"{json.dumps(message)}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == f"{answer}\n"

    @contextlib.contextmanager
    def changed(self, **behaviour):
        usual = {"accessSeconds": 600, "refresh": True, "audience": None, "issuer": self.issuer}
        self.say(behaviour, "changed")
        try:
            yield
        finally:
            self.say(usual, "changed")

    def stop(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    return Provider(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def shop(new_stack, provider):
    """Its worker remembers tokens; one of each call is enough."""
    stack = new_stack(**provider.settings(), workers=4)
    provider.start(stack)
    yield stack
    provider.stop()
    stack.check_books()


@pytest.fixture
def new_visitor(new_fan, shop, provider):
    """Makes fans who may be at the provider too, and nowhere else."""

    def make(*arguments, **options):
        fan = new_fan(*arguments, on=shop, **options)
        fan.friends.append(provider.issuer)
        return fan

    return make


def at_provider(fan, page=None):
    page = page or fan.page
    page.get_by_label("Login").fill(fan.name)
    page.get_by_role("button", name="Continue").click()


def sign_in(fan, page=None, texts=TEXTS["en"]):
    """From the dialog to the provider, and back."""
    page = page or fan.page
    page.get_by_role("dialog").get_by_role("button", name=texts["sign_in"]).click()
    at_provider(fan, page)


def signed_in(fan):
    """Somebody who signed in on the page of the tickets."""
    fan.open("/tickets")
    sign_in(fan)
    fan.page.get_by_text(f"You are {fan.name} Kim.").wait_for()
    return fan.page


def take_best(page, count=2):
    page.locator(".best select").first.select_option(str(count))
    page.locator(".best button").click()


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_from_the_list_to_the_ticket(new_visitor, new_concert, shop, language, size):
    texts = TEXTS[language]
    concert, item = new_concert(on=shop, admissionCapacity=100)
    fan = new_visitor(language, size)
    page = fan.open(f"/concert/{concert}")
    page.get_by_role("button", name=texts["enter"]).click()
    page.get_by_role("dialog").get_by_text(texts["dialog"]).wait_for()
    assert violations(page) == []
    assert_fits(page)
    sign_in(fan, texts=texts)
    page.wait_for_url(f"{shop.url}/#/concert/{concert}")
    page.get_by_role("button", name=texts["enter"]).click()
    fan.wait_title(texts["turn"])
    page.reload()
    fan.wait_title(texts["turn"])
    fan.open(f"/concert/{concert}/item/{item}")
    take_best(page)
    fan.wait_title(texts["held"])
    page.locator(".charge button").click()
    page.locator("button.large:enabled").click()
    fan.wait_title(texts["paid"])
    page.get_by_role("link", name=texts["tickets"]).click()
    page.locator("svg.code path").wait_for()
    page.get_by_text(texts["known"].format(fan.name)).wait_for()
    page.get_by_text(texts["id"].format(fan.name)).wait_for()
    assert_fits(page)
    assert violations(page) == []
    assert fan.count("payment") == 1
    # tokens are in the tab and nowhere else
    session = json.loads(page.evaluate("sessionStorage['frontrow.session']"))
    logs = "".join(log.read_text(errors="replace") for log in (shop.var / "log").glob("*.log"))
    elsewhere = logs + page.evaluate("Object.values(localStorage).join()")
    for token in (session["access"], session["idToken"], session["refresh"]):
        assert len(token) > 30 and all(len(part) < 30 or part not in elsewhere for part in token.split("."))


def test_before_the_opening(new_visitor, new_concert, shop):
    """Who signs in in the waiting room enters at the opening without a click."""
    concert, _ = new_concert(on=shop, admissionCapacity=100, opensAt="2099-01-01T00:00:00Z")
    fan = new_visitor()
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_text("Sign in, and you join the queue automatically").wait_for()
    page.locator(".call").get_by_role("button", name="Sign in").click()
    sign_in(fan)
    page.get_by_text("You join the queue when it opens").wait_for()
    opened = shop.call("PATCH", f"/admin/concert/{concert}", {"opensAt": None}, shop.admin_headers())
    assert opened.status == 200, opened
    fan.wait_title("It is your turn")
    assert fan.count("queue_token") == 1


def in_the_queue(fan, rival, new_concert):
    """Behind the rival, who has the one place of a concert: what lets the fan in, and the fan's number."""
    concert, _ = new_concert(on=fan.stack, admissionCapacity=1)
    path = f"/concert/{concert}/queue"
    rival.open(path).get_by_role("button", name="Join the queue").click()
    rival.wait_title("It is your turn")
    page = fan.open(path)
    page.get_by_role("button", name="Join the queue").click()
    page.locator(".ahead").wait_for()
    kept = json.loads(page.evaluate(f"localStorage['frontrow.token.{concert}']"))

    def leave():
        rival.page.get_by_role("button", name="Leave the queue").click()
        rival.page.get_by_role("button", name="Yes").click()

    return leave, kept["number"]


def test_a_token_is_renewed_while_one_waits(new_visitor, provider, new_concert):
    rival, fan = new_visitor(), new_visitor()
    signed_in(rival)
    renewals, refusals = [], []
    fan.page.on("request", lambda request: renewals.append(request) if request.url == f"{provider.issuer}/token" else None)
    fan.page.on("response", lambda answer: refusals.append(answer.url) if answer.status == 401 else None)
    with provider.changed(accessSeconds=3):
        signed_in(fan)
        leave, _ = in_the_queue(fan, rival, new_concert)
        seen = len(renewals)
        wait_for(lambda: fan.page.wait_for_timeout(100) or len(renewals) > seen + 3)
        leave()
        fan.wait_title("It is your turn")
    assert refusals == []


def test_a_sign_in_that_ends_costs_no_place(new_visitor, provider, new_concert):
    rival, fan = new_visitor(), new_visitor()
    signed_in(rival)
    with provider.changed(accessSeconds=5, refresh=False):
        page = signed_in(fan)
        leave, number = in_the_queue(fan, rival, new_concert)
        page.get_by_text("Your sign-in has ended").wait_for()
    assert violations(page) == []
    page.reload()
    page.get_by_role("button", name="Sign in again").click()
    # the provider knows the fan still
    page.get_by_text("Your sign-in has ended").wait_for(state="detached")
    page.locator(".ahead").wait_for()
    page.get_by_text(str(number), exact=True).first.wait_for()
    leave()
    fan.wait_title("It is your turn")
    assert fan.count("queue_token") == 1


def test_a_payment_that_the_end_came_before_is_made_after_it(new_visitor, provider, shop, new_concert):
    fan = new_visitor()
    concert, item = new_concert(on=shop)
    with provider.changed(refresh=False):
        page = signed_in(fan)
    fan.open(f"/concert/{concert}/item/{item}")
    take_best(page)
    fan.wait_title("Your seats are held")
    page.locator(".charge button").click()
    page.locator("button.large:enabled").wait_for()
    keys = []
    page.on("request", lambda request: keys.append(request.headers["idempotency-key"]) if request.url.endswith("/payment") else None)
    # for the server it is over, as after a change of its keys
    good = provider.keys_file.read_text()
    try:
        provider.keys_file.write_text(jwks(Key("ES256", "another")))
        reload_keys(shop)
        page.locator("button.large").click()
        page.get_by_text("Your sign-in has ended").wait_for()
    finally:
        provider.keys_file.write_text(good)
        reload_keys(shop)
    page.get_by_role("button", name="Sign in again").click()
    fan.wait_title("Paid")
    assert fan.count("payment") == 1
    assert len(keys) == 2 and len(set(keys)) == 1


def reload_keys(stack):
    """And no worker is left that remembers."""
    before = set(stack.workers())
    stack.kill("frontrow", 1)
    wait_for(lambda: not before & set(stack.workers()) and len(stack.workers()) == 4)


def test_who_presses_cancel_is_back_on_the_page(new_visitor, new_concert, shop):
    concert, _ = new_concert(on=shop, admissionCapacity=100)
    fan = new_visitor()
    page = fan.open(f"/concert/{concert}")
    page.get_by_role("button", name="Join the queue").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_text("Signing in was cancelled.").wait_for()
    assert page.url == f"{shop.url}/#/concert/{concert}"
    page.get_by_role("button", name="Join the queue").click()
    sign_in(fan)
    page.get_by_role("button", name="Join the queue").click()
    fan.wait_title("It is your turn")


def test_who_closes_the_dialog_can_look_around(new_visitor, shop):
    fan = new_visitor()
    page = fan.open("/tickets")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_text("Sign in to see what belongs to you.").wait_for()
    page.get_by_role("button", name="Sign in").click()
    sign_in(fan)
    page.get_by_text(f"You are {fan.name} Kim.").wait_for()


def test_a_provider_that_is_another_one_gets_nobody(new_visitor, provider, shop):
    fan = new_visitor()
    page = fan.open("/tickets")
    button = page.get_by_role("dialog").get_by_role("button", name="Sign in")
    with provider.changed(issuer="https://another.example"):
        button.click()
        page.get_by_text("does not work just now").wait_for()
    assert page.url == f"{shop.url}/#/tickets"
    button.click()
    at_provider(fan)
    page.get_by_text(f"You are {fan.name} Kim.").wait_for()


@pytest.mark.parametrize("wrong", ["iss", "state", "code"])
def test_an_answer_that_is_not_the_providers(new_visitor, provider, shop, wrong):
    fan = new_visitor()
    page = fan.open("/tickets")
    with page.expect_request(f"{provider.issuer}/auth*") as asked:
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    page.get_by_label("Login").wait_for()
    state = re.search(r"[?&]state=([^&]+)", asked.value.url)[1]
    answer = {"iss": provider.issuer, "state": state, "code": "x" * 43} | {"iss": {"iss": "https://another.example"}, "state": {"state": "x"}, "code": {}}[wrong]
    page.goto(f"{shop.url}/?" + "&".join(f"{name}={value}" for name, value in answer.items()))
    page.get_by_text("Signing in did not work.").wait_for()
    assert "?" not in page.url
    assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_tokens_that_the_server_does_not_take(new_visitor, provider, shop):
    fan = new_visitor()
    page = fan.open("/tickets")
    with provider.changed(audience="https://another.example"):
        sign_in(fan)
        page.get_by_text("Signing in did not work.").wait_for()
    page.get_by_role("dialog").wait_for()


def test_a_provider_that_is_down(new_visitor, provider, shop):
    """Nobody can sign in then; who has goes on."""
    known, fan = new_visitor(), new_visitor()
    signed_in(known)
    provider.stop()
    try:
        page = fan.open("/tickets")
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
        page.get_by_text("does not work just now").wait_for()
        assert violations(page) == []
        known.page.reload()
        known.page.get_by_text("You have 0 points.").wait_for()
    finally:
        provider.start(shop)
    sign_in(fan)
    page.get_by_text(f"You are {fan.name} Kim.").wait_for()


def test_kept_tickets_are_not_for_who_comes_next(new_visitor, new_concert, shop):
    """A new tab has to sign in before it shows them, unless there is no network."""
    concert, item = new_concert(on=shop)
    fan = new_visitor()
    page = signed_in(fan)
    fan.open(f"/concert/{concert}/item/{item}")
    take_best(page)
    fan.wait_title("Your seats are held")
    page.locator(".charge button").click()
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")
    page.get_by_role("link", name="Show my tickets").click()
    page.locator("svg.code path").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to my calendar").click()
    assert "BEGIN:VEVENT" in download.value.path().read_text()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    other = fan.context.new_page()
    other.goto(f"{shop.url}/#/tickets")
    other.get_by_role("dialog").get_by_role("button", name="Sign in").wait_for()
    other.wait_for_timeout(5000)  # longer than what comes late is waited for
    assert other.locator("svg.code").count() == 0
    fan.context.set_offline(True)
    other.reload()
    other.get_by_text("As kept in this browser").wait_for()
    other.locator("svg.code path").wait_for()


def test_signing_out_ends_it_in_all_tabs_and_at_the_provider(new_visitor, new_concert, shop):
    concert, _ = new_concert(on=shop, admissionCapacity=100)
    fan = new_visitor()
    page = signed_in(fan)
    other = fan.tab()
    other.goto(f"/#/concert/{concert}/queue")
    other.get_by_role("button", name="Join the queue").click()
    # each tab has tokens of its own, and the provider knows the fan
    other.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    other.wait_for_url(f"{shop.url}/#/concert/{concert}/queue")
    other.get_by_role("button", name="Join the queue").click()
    other.locator("h1", has_text="It is your turn").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(re.compile(f"^{shop.url}/"))
    other.locator("h1", has_text="Waiting room").wait_for()
    assert page.evaluate("[...Object.keys(sessionStorage), ...Object.keys(localStorage)].length") == 0
    assert other.evaluate("Object.keys(sessionStorage).length") == 0
    # somebody else at the same browser
    fan.name = "somebody-else"
    signed_in(fan)
    assert fan.count("queue_token") == 0
