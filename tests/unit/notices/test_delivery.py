"""When a delivery is tried again, and when it is given up; how often a robot speaks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.notices.delivery import Channel, Delivery, DeliveryState, once_more, sent, tried
from domain.notices.pace import MOST_IN_ONE, Pace, said_together


def a_delivery(channel: Channel = Channel.SMS, **fields: object) -> Delivery:
    """Make one that is due at 1000."""
    given = {
        "id": "01M8172EV8WM5RPGMQH3500BQN", "cause": "missed:1", "tenant": "acme", "kind": "missed-call",
        "channel": channel, "to": "13900001111", "text": "未接来电", "made": 1000.0, "due": 1000.0,
        "expires": 9e9,
    }  # fmt: skip
    return Delivery(**{**given, **fields})  # type: ignore[arg-type]


def test_a_webhook_is_tried_again_after_1_5_and_10_minutes() -> None:
    """Then it has failed."""
    delivery, waits = a_delivery(Channel.WEBHOOK), []
    while delivery.state is DeliveryState.WAITING:
        at = delivery.due
        delivery = tried(delivery, "crm", "500", at, again=True)
        waits.append(delivery.due - at)
    assert waits[:3] == [60.0, 300.0, 600.0]
    assert (delivery.state, delivery.tries, delivery.note) == (DeliveryState.FAILED, 4, "500")


def test_what_cannot_become_better_is_not_tried_again() -> None:
    """A number that does not exist stays so."""
    assert tried(a_delivery(), "sms", "no such number", 1001.0, again=False).state is DeliveryState.FAILED


def test_what_would_come_too_late_is_given_up() -> None:
    """A missed call of this morning is no news tonight."""
    late = tried(a_delivery(expires=1003.0), "sms", "timeout", 1001.0, again=True)
    assert late.state is DeliveryState.EXPIRED


def test_somebody_may_try_it_anew() -> None:
    """With all tries before it, and time enough."""
    failed = tried(a_delivery(expires=1003.0), "sms", "no", 1001.0, again=False)
    again = once_more(failed, 5000.0, 600.0)
    assert (again.state, again.tries, again.due, again.expires) == (
        DeliveryState.WAITING, 0, 5000.0, 5600.0,
    )  # fmt: skip
    assert sent(again, "sms", "id-1", 5001.0).state is DeliveryState.SENT


@given(st.lists(st.floats(0, 30), max_size=120))
def test_a_robot_never_says_more_than_20_a_minute(gaps: list[float]) -> None:
    """In any minute, whenever it begins."""
    pace, now, said = Pace(20, 60.0), 0.0, []
    for gap in gaps:
        now += gap
        if not pace.wait(now):
            pace.take(now)
            said.append(now)
    assert all(later - first >= 60.0 for first, later in zip(said, said[20:], strict=False))


def test_what_waits_is_said_in_one_message() -> None:
    """Oldest first; what does not fit is counted, and no message is longer than WeCom takes."""
    one = a_delivery(title="未接来电提醒", text="13900001111 来电")
    assert said_together([one]) == "未接来电提醒\n13900001111 来电"
    three = said_together([one, one, one])
    assert three.splitlines() == ["共 3 条通知：", *["· 13900001111 来电"] * 3]
    many = said_together([a_delivery(text="长" * 60)] * 50)
    assert many.startswith("共 50 条通知：")
    assert "另有" in many
    assert len(many.encode()) <= 2000
    assert many.count("·") <= MOST_IN_ONE
    assert len(said_together([a_delivery(text="长" * 5000)]).encode()) <= 2000
