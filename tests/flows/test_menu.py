"""A voice menu over the real SIP stack (docs/call-flows/menu.md): SIP INFO keys, RFC 4733 keys, every end."""

from __future__ import annotations

import msgspec

from b2bua.sip.message import Response
from domain.flow.document import Flow
from domain.flow.reading import as_document
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.snapshot import BoundNumber, TargetGroup
from storage.journal.events import Step
from tests.flows.exchange import CARRIER, PHONES, TARGETS, Exchange, a_plan, sdp

NODES = {
    "hello": {"kind": "play", "prompts": ["aa" * 32], "next": "main"},
    "main": {"kind": "menu", "prompts": ["bb" * 32], "keys": {"1": "sales", "2": "more"}, "retries": 0},
    "more": {"kind": "menu", "prompts": ["cc" * 32], "keys": {"1": "sales"}, "retries": 0},
    "sales": {"kind": "go", "to": "group:sales"},
}


def in_menu() -> tuple[Exchange, Response]:
    """Let the carrier call a number with a menu; return the exchange and the 200."""
    exchange = Exchange(a_plan(entry=Destination.parse("flow:main")))
    document = as_document({"start": "hello", "nodes": NODES})
    flow = Flow(name="main", version=1, start=document.start, nodes=document.nodes)
    group = TargetGroup("sales", (BoundNumber(TARGETS[1]),))
    (tenant,) = exchange.directory.tenants
    exchange.directory.tenants = [msgspec.structs.replace(tenant, flows=(flow,), groups=(group,))]
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.1)
    return exchange, ok


def info(exchange: Exchange, ok: Response, cseq: int, key: str) -> None:
    """Let the caller's phone send a key by SIP INFO."""
    body = f"Signal={key}\r\nDuration=160\r\n".encode()
    request = exchange.caller.in_dialog("INFO", ok, cseq, body=body)
    request.set("Content-Type", "application/dtmf-relay")
    exchange.caller.send(request)
    exchange.caller.expect("200 INFO")


def walked(exchange: Exchange) -> list[str]:
    """Return the nodes that the record keeps."""
    return [step.detail for step in exchange.journal.of(Step) if step.name == "menu"]


def test_keys_lead_to_a_talk() -> None:
    """One by INFO, one as media; the caller is answered once, and hears who answers the group."""
    exchange, ok = in_menu()
    assert exchange.media.leg("a").playing == ("aa" * 32,)
    info(exchange, ok, 2, "2")
    exchange.media.leg("a").press("1")
    phone = exchange.phones[TARGETS[1]]
    invite = phone.expect_request("INVITE")
    phone.respond(invite, 200, body=sdp(PHONES[TARGETS[1]], 6000))
    phone.expect("ACK")
    exchange.network.run(0.1)
    assert exchange.media.leg("a").bridged is exchange.media.leg("b1")
    assert walked(exchange) == ["hello", "main", "more", "sales"]
    exchange.caller.send(exchange.caller.in_dialog("BYE", ok, 3))
    exchange.caller.expect("200 BYE")
    phone.respond(phone.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_the_caller_hangs_up_in_the_menu() -> None:
    """His BYE ends the call with the menu as its reason; nobody was rung."""
    exchange, ok = in_menu()
    exchange.caller.send(exchange.caller.in_dialog("BYE", ok, 2))
    exchange.caller.expect("200 BYE")
    ended = exchange.ended()
    assert (ended.outcome, ended.by) == (Outcome.GAVE_UP_MENU, HungUpBy.CALLER)
    assert [step.detail for step in exchange.journal.of(Step) if step.name == "left-menu"] == ["hello"]


def test_a_caller_who_presses_nothing_gets_a_bye() -> None:
    """After greeting, menu and five seconds, with busy tone where the box has no goodbye."""
    exchange, _ = in_menu()
    exchange.network.run(12.0)
    exchange.caller.respond(exchange.caller.expect_request("BYE"), 200)
    ended = exchange.ended()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.MENU_NO_KEY, HungUpBy.BOX, 200)
