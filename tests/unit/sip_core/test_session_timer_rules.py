"""Who refreshes and how often: the table of RFC 4028 9, and what to do with odd values."""

from __future__ import annotations

import pytest

from b2bua.sip.errors import SipError
from b2bua.sip.message import Request, Response
from b2bua.sip.session_timer import (
    Interval,
    SessionExpires,
    answer_request,
    read_agreement,
    read_min_se,
    request_headers,
)


def invite(*rows: tuple[str, str]) -> Request:
    """Write an INVITE."""
    return Request("INVITE", "sip:x", list(rows))


CAN = ("Supported", "timer")


@pytest.mark.parametrize(
    ("rows", "own", "agreed"),
    [
        ((), 0, None),
        ((CAN,), 0, None),
        ((), 1800, Interval(1800, True)),
        ((CAN,), 1800, Interval(1800, False)),
        ((CAN, ("Session-Expires", "600")), 1800, Interval(600, False)),
        ((CAN, ("Session-Expires", "600;refresher=uas")), 1800, Interval(600, True)),
        ((CAN, ("Session-Expires", "600;refresher=uac")), 0, Interval(600, False)),
        ((CAN, ("Session-Expires", "3600")), 1800, Interval(1800, False)),
        ((CAN, ("Session-Expires", "3600"), ("Min-SE", "3600")), 1800, Interval(3600, False)),
        ((CAN, ("Min-SE", "3600")), 1800, Interval(3600, False)),
        ((("x", "600;REFRESHER=UAS"), CAN), 0, Interval(600, True)),
        ((("Session-Expires", "600;refresher=uac"),), 1800, Interval(600, True)),
        ((("Session-Expires", "30"),), 1800, Interval(90, True)),
        ((CAN, ("Session-Expires", "600;refresher=me")), 0, Interval(600, False)),
    ],
)
def test_the_answerer_agrees(rows: tuple[tuple[str, str], ...], own: int, agreed: Interval | None) -> None:
    """The caller's wish is obeyed where it says one; who cannot refresh does not have to."""
    interval, headers = answer_request(invite(*rows), own, 90)
    assert interval == agreed
    named = dict(headers)
    if interval is not None:
        refresher = "uas" if interval.we_refresh else "uac"
        assert named["Session-Expires"] == f"{interval.seconds};refresher={refresher}"
        assert ("Require" in named) == (not interval.we_refresh)


@pytest.mark.parametrize("value", ["", "x", "-1", "1_0", "１２", "99999999999999999999"])
def test_a_malformed_interval_is_refused(value: str) -> None:
    """400."""
    with pytest.raises(SipError) as caught:
        answer_request(invite(("Session-Expires", value)), 1800, 90)
    assert caught.value.status == 400
    assert read_agreement(Response(200, "OK", [("Session-Expires", value)])) is None


def test_the_caller_reads_what_was_agreed() -> None:
    """Nothing, them, or us."""
    assert read_agreement(Response(200, "OK", [])) is None
    agreed = Response(200, "OK", [("Session-Expires", "600;refresher=uas")])
    assert read_agreement(agreed) == Interval(600, False)
    agreed = Response(200, "OK", [("Session-Expires", "600 ;refresher=uac")])
    assert read_agreement(agreed) == Interval(600, True)
    assert read_min_se(Response(422, "x", [("Min-SE", "120;x=y")])) == 120
    with pytest.raises(SipError):
        read_min_se(Response(422, "x", [("Min-SE", "many")]))


def test_when_something_must_be_done() -> None:
    """Refresh at half time; give up 32 s or a third before the end."""
    assert Interval(1800, True).delay == 900
    assert Interval(1800, False).delay == 1768
    assert Interval(90, False).delay == 60
    assert str(SessionExpires(90)) == "90"
    assert request_headers(0, 90) == []
    assert request_headers(1800, 120, "uac") == [
        ("Session-Expires", "1800;refresher=uac"),
        ("Min-SE", "120"),
    ]
