"""A concert that asks for a proof of work, on the pages: solved in a worker, said politely, switched on in /ops/."""

import pytest
from fan import PHONE, assert_fits, hold_back, violations, wait_for_one
from test_operations import sign_in
from test_organiser import answer_dialog

WAIT = {"en": "solving a small task that keeps robots out", "ko": "자동 접속을 막기 위해 확인하고 있습니다"}
JOIN = {"en": "Join the queue", "ko": "대기열 들어가기"}
FAILED = {"en": "We could not make sure that you are no robot", "ko": "자동 접속이 아닌지 확인하지 못했습니다"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_fan_waits_a_moment_and_is_in(new_fan, new_concert, language):
    concert, _ = new_concert(admissionCapacity=0, challenge="proof")
    fan = new_fan(language, PHONE).sign_in()
    page = fan.open(f"/concert/{concert}")
    held = hold_back(page, "**/proofworker.js")
    page.get_by_role("button", name=JOIN[language]).click()
    worker = wait_for_one(page, held)
    said = page.get_by_role("status").filter(has_text=WAIT[language])
    said.wait_for()
    assert said.locator("progress").get_attribute("aria-hidden") == "true", "each step is not read out"
    assert violations(page) == []
    assert_fits(page)
    worker.continue_()
    page.locator(".ahead").wait_for()
    said.wait_for(state="detached")


def test_seats_without_a_queue(new_fan, new_concert):
    """Where no queue is kept the token is asked for with the first seats."""
    concert, item = new_concert(challenge="proof")
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    page.wait_for_url("**/#/hold/*")


def test_a_proof_that_was_used_is_made_anew(new_fan, new_concert):
    """As where the first answer was lost on its way."""
    concert, _ = new_concert(admissionCapacity=0, challenge="proof")
    page = new_fan().sign_in().open(f"/concert/{concert}")
    proofs = []

    def lose(route):
        body = route.request.post_data_json
        if "proof" in body:
            proofs.append(body["proof"])
        if len(proofs) == 1 and "proof" in body:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/token/add", lose)
    page.get_by_role("button", name="Join the queue").click()
    page.locator(".ahead").wait_for()
    assert len(proofs) == 3 and proofs[0] == proofs[1] != proofs[2]


def test_a_task_that_cannot_be_solved_is_said(new_fan, new_concert):
    concert, _ = new_concert(admissionCapacity=0, challenge="proof")
    fan = new_fan("ko").sign_in()
    page = fan.open(f"/concert/{concert}")
    page.route("**/proofworker.js", lambda route: route.abort())
    page.get_by_role("button", name=JOIN["ko"]).click()
    page.get_by_role("alert").filter(has_text=FAILED["ko"]).wait_for()
    page.unroute("**/proofworker.js")
    page.get_by_role("button", name=JOIN["ko"]).click()
    page.locator(".ahead").wait_for()


def test_an_operator_switches_it_on(new_fan, new_concert, stack):
    concert, _ = new_concert(title="For people")
    page = sign_in(new_fan(), stack, f"/concert/{concert}/settings")
    page.get_by_label("Against robots").select_option("proof")
    page.get_by_role("button", name="Save").click()
    answer_dialog(page, "Save", "Against robots: nothing")
    page.get_by_text("Done").wait_for()
    shown = stack.call("GET", f"/admin/concert/{concert}", headers=stack.admin_headers()).json()
    assert shown["challenge"] == "proof"
    assert violations(page) == []
