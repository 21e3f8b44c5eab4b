"""Dialogs as values, route sets, and the farewell after a crash."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.sip.dialog import DialogState, Phase, aim, contact_of, decode_state, farewell
from b2bua.sip.message import Request, Response
from tests.unit.sip_core.recording import UDP

STATE = DialogState(
    phase=Phase.CONFIRMED,
    call_id="id",
    local="<sip:us@box>;tag=ours",
    remote='"中" <sip:them@peer>;tag=theirs',
    local_tag="ours",
    remote_tag="theirs",
    local_cseq=7,
    remote_cseq=3,
    target="sip:them@10.0.0.2:5070",
    routes=("<sip:10.0.0.9;lr>",),
    flow=UDP,
    vias=("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKours", "SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKx"),
    invite_cseq=5,
)


def test_a_state_survives_the_journal() -> None:
    """Every field comes back; bytes that are no UTF-8 become question marks."""
    assert decode_state(STATE.to_json()) == STATE
    broken = msgspec.structs.replace(
        STATE,
        call_id="\udcb2id",
        remote="\udcd6 <sip:x@y>;tag=\udcfe",
        remote_tag="\udcfe",
        routes=("<sip:\udcff>",),
    )
    clean = msgspec.structs.replace(
        STATE, call_id="?id", remote="? <sip:x@y>;tag=?", remote_tag="?", routes=("<sip:?>",)
    )
    assert decode_state(broken.to_json()) == clean


@pytest.mark.parametrize(
    ("routes", "uri", "rows", "first"),
    [
        ((), "sip:t@h", [], "sip:t@h"),
        (("<sip:p;lr>", "<sip:q;lr>"), "sip:t@h", ["<sip:p;lr>", "<sip:q;lr>"], "sip:p;lr"),
        (("<sip:p>", "<sip:q;lr>"), "sip:p", ["<sip:q;lr>", "<sip:t@h>"], "sip:p"),
        (('"x" <sip:p;method=BYE;a=b?h=v>;c=d',), "sip:p;a=b", ["<sip:t@h>"], "sip:p;method=BYE;a=b?h=v"),
    ],
)
def test_loose_and_strict_routes(routes: tuple[str, ...], uri: str, rows: list[str], first: str) -> None:
    """RFC 3261 12.2.1.1: a strict router is the Request-URI, the target the last Route."""
    assert aim("sip:t@h", routes) == (uri, [("Route", row) for row in rows], first)


def test_a_confirmed_dialog_ends_by_bye() -> None:
    """Towards target and route set, with a CSeq far ahead."""
    bye = farewell(STATE, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKnew")
    assert isinstance(bye, Request)
    assert (bye.method, bye.uri, bye.cseq.number) == ("BYE", STATE.target, 1007)
    assert bye.get("Route") == "<sip:10.0.0.9;lr>"
    assert bye.via.branch == "z9hG4bKnew"


def test_a_calling_one_ends_by_cancel_and_a_called_one_by_503() -> None:
    """With what the INVITE had."""
    calling = DialogState(**{**_fields(), "phase": Phase.CALLING, "remote": "<sip:them@peer>"})
    cancel = farewell(calling, "")
    assert isinstance(cancel, Request)
    assert (cancel.method, cancel.cseq.number, cancel.via.branch) == ("CANCEL", 5, "z9hG4bKours")
    called = DialogState(**{**_fields(), "phase": Phase.CALLED})
    refusal = farewell(called, "")
    assert isinstance(refusal, Response)
    assert refusal.status == 503
    assert refusal.get_all("Via") == list(STATE.vias)
    assert refusal.from_.tag == "theirs"
    assert refusal.to.tag == "ours"


def _fields() -> dict[str, object]:
    return {name: getattr(STATE, name) for name in STATE.__struct_fields__}


@pytest.mark.parametrize("contact", ["*", "<tel:+861390>", "<http://x>", "sip:", "<sip:a@b", ""])
def test_contacts_that_are_no_target(contact: str) -> None:
    """They are not followed."""
    assert contact_of(Request("INVITE", "sip:x", [("Contact", contact)])) is None
    assert contact_of(Request("INVITE", "sip:x", [])) is None
