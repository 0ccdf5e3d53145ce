"""What Galera does otherwise than a single server, where app hosts use several of its nodes."""

import time

from booking import Hall, Load


def test_a_buyer_sees_his_own_change_at_another_node(whole):
    """It may have been committed at the first one only a moment ago."""
    user = f"reader-{time.time_ns()}"
    with whole.each_at_its_own_node():
        late = []
        for number in range(1, 61):
            assert whole.ask("app-1", "POST", "/point/charge", user, {"userId": user, "amount": 1}).status == 200
            shown = whole.ask("app-2", "GET", "/point", user).json()["balance"]
            if shown != number:
                late.append((number, shown))
    assert not late, f"{len(late)} of 60 were old"


def test_all_nodes_are_written_to(whole):
    """Two nodes may take the same seat, of which the later COMMIT loses. Nothing is sold twice, and all that was told
    is so."""
    hall = Hall(whole, items=1, seats=200)
    before = whole.conflicts()
    with whole.each_at_its_own_node():
        with Load(hall, rate=20, users=40, retry=50, timeout=4) as load:
            time.sleep(15)
    assert whole.conflicts() > before, "nobody met anybody"
    assert not load.told.broken(hasty=("busy",))
