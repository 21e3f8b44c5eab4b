"""A caller in a voice menu, on twins: prompts, keys, time-outs, and every way out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from b2bua.calls.call import CallState
from b2bua.sdp import PCMA
from domain.flow.document import Flow
from domain.flow.reading import as_document
from domain.routing.destination import Destination
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    TargetGroup,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.journal.events import Key, Step
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg
from tests.twins.stage import TARGETS, Stage, a_plan, sdp

PROMPTS = {"main": "main-prompt", "more": "more-prompt", "order": "order-prompt", "notice": "notice-prompt"}
SALES = {"kind": "go", "to": "group:sales"}
NODES: dict[str, Any] = {
    "hello": {"kind": "play", "prompts": ["welcome"], "next": "main"},
    "main": {
        "kind": "menu",
        "prompts": ["prompt:main"],
        "keys": {"1": "sales", "2": "more", "0": "operator"},
    },
    "more": {"kind": "menu", "prompts": ["prompt:more"], "keys": {"1": "sales", "*": "main"}},
    "operator": {"kind": "dial"},
    "sales": SALES,
}


def a_flow(nodes: dict[str, Any] | None = None, name: str = "main", version: int = 7) -> Flow:
    """Make a published flow."""
    plain = nodes or NODES
    document = as_document({"start": next(iter(plain)), "nodes": plain})
    return Flow(name=name, version=version, **{f: getattr(document, f) for f in ("title", "start", "nodes")})


def in_menu(nodes: dict[str, Any] | None = None, *flows: Flow, **how: Any) -> tuple[Stage, MemoryInboundLeg]:
    """Return a stage on which a caller has come to a flow of these nodes."""
    return on_stage(a_flow(nodes), *flows, **how)


def on_stage(*flows: Flow, web_secret: str = "", **plan: Any) -> tuple[Stage, MemoryInboundLeg]:
    """Return a stage on which a caller has come to the flow main, one of these."""
    plan.setdefault("entry", Destination.parse("flow:main"))
    number = a_plan(**plan)
    group = TargetGroup("sales", (BoundNumber(TARGETS[1], job_number="66"),))
    tenant = TenantSnapshot(
        id="acme", name="Acme", numbers=(number,), groups=(group,), flows=flows,
        prompts=PROMPTS, web_secret=web_secret,
    )  # fmt: skip
    box = BoxSnapshot(
        trunks=(TrunkSnapshot(name="carrier-a"),),
        extensions=(
            ExtensionSnapshot(name="8001", tenant="acme", secret="s"),
            ExtensionSnapshot(name="8002", tenant="acme", secret="s"),
            ExtensionSnapshot(name="9001", tenant="rival", secret="s"),
        ),
    )
    stage = Stage(number, tenant=tenant, box=box, shipped=SHIPPED)
    return stage, stage.call()


def press(stage: Stage, keys: str) -> None:
    """Press keys that arrive as media."""
    for key in keys:
        stage.endpoint("a").press(key)


def pass_time(stage: Stage, seconds: float) -> None:
    """Let time pass in small steps, so that what begins within it has its own time."""
    for _ in range(round(seconds * 8)):
        stage.clock.advance(0.125)


def played(stage: Stage) -> list[tuple[str, ...]]:
    """Return everything the caller was played, in order."""
    return [asked.detail[0] for asked in stage.endpoint("a").asked if asked.verb == "play"]  # type: ignore[index]


def walked(stage: Stage) -> list[str]:
    """Return the nodes of the record."""
    return [step.detail for step in stage.journal.of(Step) if step.name == "menu"]


def steps(stage: Stage, name: str) -> list[str]:
    """Return what the record says by a step's name."""
    return [step.detail for step in stage.journal.of(Step) if step.name == name]


def hang_up(stage: Stage, caller: MemoryInboundLeg) -> str:
    """Let the caller hang up; return the outcome."""
    caller.peer_hangs_up()
    return stage.end().outcome


def test_the_caller_hears_greeting_and_menu_and_reaches_who_he_chose() -> None:
    """The whole way: answered at once, greeted, asked, rung, talking."""
    stage, caller = in_menu()
    assert stage.sent() == ["a 200"]
    assert stage.live().state is CallState.MENU
    assert stage.endpoint("a").playing == ("welcome",)
    stage.clock.advance(1)
    assert stage.endpoint("a").playing == ("main-prompt",)
    stage.clock.advance(1)
    assert stage.endpoint("a").playing == ()
    press(stage, "1")
    assert stage.dialler.dialled[0].target == TARGETS[1]
    assert stage.endpoint("a").playing == ("ringback",)
    stage.leg("b1").peer_answers(sdp(host="127.0.0.3"))
    assert walked(stage) == ["hello", "main", "sales"]
    assert steps(stage, "flow") == ["main v7"]
    assert hang_up(stage, caller) == "answered"


def test_a_key_stops_the_prompt_at_once() -> None:
    """Barge-in: the greeting ends, the menu takes the key."""
    stage, caller = in_menu()
    stage.clock.advance(0.3)
    press(stage, "2")
    assert played(stage) == [("welcome",), ("more-prompt",)]
    assert walked(stage) == ["hello", "main", "more"]
    assert hang_up(stage, caller) == "gave-up-menu"


def test_keys_pressed_in_the_welcome_of_the_number_are_typed_ahead() -> None:
    """The number's own welcome is heard to its end, then the menus are passed unheard."""
    stage, _ = in_menu(welcome="the-welcome")
    assert stage.endpoint("a").playing == ("the-welcome",)
    press(stage, "21")
    stage.clock.advance(1)
    assert played(stage) == [("the-welcome",)]
    assert walked(stage) == ["hello", "main", "more", "sales"]
    assert len(stage.dialler.dialled) == 1


def test_keys_arrive_by_info_as_well() -> None:
    """SIP INFO and RFC 4733 both count, and a phone that sends both presses once."""
    stage, caller = in_menu()
    caller.peer_keys("2")
    press(stage, "2")
    assert walked(stage) == ["hello", "main", "more"]
    caller.peer_keys("1")
    assert walked(stage)[-1] == "sales"


def test_in_band_keys_are_listened_for_while_the_menu_lasts() -> None:
    """Only where the caller negotiated no telephone-event."""
    stage, _ = in_menu()
    assert not stage.endpoint("a").listening
    stage, _ = in_menu()
    tenant = stage.tenant
    band = Stage(stage.plan, tenant=tenant, box=stage.box, shipped=SHIPPED)
    band.call(offer=sdp(40000, PCMA))
    assert band.endpoint("a").listening
    press(band, "1")
    assert not band.endpoint("a").listening


@pytest.mark.parametrize(("key", "outcome"), [("7", "menu-wrong-keys"), ("", "menu-no-key")])
def test_a_caller_who_cannot_be_helped_is_told_goodbye(key: str, outcome: str) -> None:
    """Three retries, then the end with its reason, after a goodbye."""
    stage, _ = in_menu({**NODES, "main": {**NODES["main"], "first_key_seconds": 4}})
    pass_time(stage, 1)
    for attempt in range(4):
        press(stage, key)
        pass_time(stage, 0.5 if key else 1 + (attempt > 0) + 4)
    assert stage.endpoint("a").playing == ("goodbye",)
    pass_time(stage, 1)
    assert stage.sent() == ["a 200", "a BYE"]
    assert stage.end().outcome == outcome
    assert len(steps(stage, "menu-wrong-key" if key else "menu-no-key")) == 4


def test_the_time_to_the_first_key_and_between_digits() -> None:
    """Five seconds after the prompt, three between digits."""
    stage, caller = in_menu({"dial": {"kind": "dial", "retries": 2}, **NODES})
    pass_time(stage, 1 + 4.75)
    assert steps(stage, "menu-no-key") == []
    pass_time(stage, 0.25)
    assert steps(stage, "menu-no-key") == ["dial"]
    press(stage, "80")
    pass_time(stage, 2.75)
    press(stage, "0")
    pass_time(stage, 2.75)
    assert steps(stage, "menu-wrong-key") == []
    pass_time(stage, 0.25)
    assert steps(stage, "menu-wrong-key") == ["dial 800"]
    assert hang_up(stage, caller) == "gave-up-menu"


def test_an_extension_is_dialled_through_the_operators_menu() -> None:
    """总机/分机: 0, then 8002, at once."""
    stage, _ = in_menu()
    press(stage, "0")
    assert stage.endpoint("a").playing == ("enter-extension",)
    press(stage, "8002")
    (dialled,) = stage.dialler.dialled
    assert (dialled.target, dialled.is_extension) == ("8002", True)
    assert steps(stage, "to") == ["flow:main", "extension:8002"]


def test_a_job_number_rings_its_phone() -> None:
    """工号 66 is a mobile of the group; # ends it."""
    stage, _ = in_menu()
    press(stage, "066")
    (dialled,) = stage.dialler.dialled
    assert (dialled.target, dialled.is_extension) == (TARGETS[1], False)


def test_the_extensions_of_other_tenants_cannot_be_dialled() -> None:
    """9001 is a rival's."""
    stage, _ = in_menu()
    press(stage, "09001")
    assert stage.dialler.dialled == []
    assert steps(stage, "menu-wrong-key") == ["operator 9001"]


def test_five_menus_deep_and_back() -> None:
    """Each menu is heard; the record has the whole way."""
    nodes: dict[str, Any] = {
        f"m{depth}": {"kind": "menu", "prompts": ["prompt:main"], "keys": {"1": f"m{depth + 1}", "*": "m1"}}
        for depth in range(1, 6)
    }
    stage, _ = in_menu({**nodes, "m6": SALES})
    for key in "1111*11111":
        stage.clock.advance(0.5)
        assert stage.endpoint("a").playing == ("main-prompt",)
        press(stage, key)
    assert walked(stage) == ["m1", "m2", "m3", "m4", "m5", "m1", "m2", "m3", "m4", "m5", "m6"]
    assert len(stage.dialler.dialled) == 1


def test_secret_digits_are_not_in_the_journal() -> None:
    """Neither the first one, which stops the greeting, nor the wrong ones; keys after it are plain again."""
    nodes = {
        "hello": {"kind": "play", "prompts": ["welcome"], "next": "pin"},
        "pin": {"kind": "collect", "prompts": ["enter-pin"], "variable": "pin", "secret": True, "least": 4,
                "most": 4, "next": "main"},
        "main": NODES["main"],
        **{name: NODES[name] for name in ("more", "operator", "sales")},
    }  # fmt: skip
    stage, _ = in_menu(nodes)
    press(stage, "12#")
    press(stage, "9876#")
    press(stage, "1")
    assert "".join(key.digit for key in stage.journal.of(Key)) == "xxxxxxx#1"
    assert steps(stage, "menu-wrong-key") == ["pin xx"]
    assert "9876" not in repr(stage.journal.events)


def test_secret_digits_keyed_in_the_welcome_are_masked_too() -> None:
    """They are typed ahead for the first node, which wants them."""
    pin = {"kind": "collect", "prompts": ["enter-pin"], "variable": "pin", "secret": True, "next": "end"}
    stage, _ = in_menu({"pin": pin, "end": {"kind": "hang-up"}}, welcome="the-welcome")
    press(stage, "9876#")
    stage.clock.advance(1)
    assert stage.end().outcome == "menu-ended"
    assert "".join(key.digit for key in stage.journal.of(Key)) == "xxxxx"


def test_a_caller_who_gives_up_leaves_the_node_in_the_record() -> None:
    """gave-up-menu, and where; nothing goes on behind him."""
    stage, caller = in_menu()
    press(stage, "2")
    assert hang_up(stage, caller) == "gave-up-menu"
    assert steps(stage, "left-menu") == ["more"]


def test_calls_in_progress_keep_their_version() -> None:
    """What is published meanwhile holds for the next call."""
    stage, _ = in_menu()
    other = a_flow({"only": {"kind": "hang-up"}}, version=8)
    stage.directory.tenants[0] = msgspec.structs.replace(stage.tenant, flows=(other,))
    press(stage, "2")
    assert walked(stage)[-1] == "more"
    stage.call()
    assert steps(stage, "flow") == ["main v7", "main v8"]


def test_one_flow_leads_to_another() -> None:
    """And keys typed ahead do not count there: the caller heard another menu."""
    night = a_flow({"n": {"kind": "hang-up", "prompts": ["after-hours"]}}, "night")
    stage, _ = in_menu({"main": {"kind": "go", "to": "flow:night"}}, night)
    assert stage.endpoint("a").playing == ("after-hours",)
    stage.clock.advance(1)
    assert stage.end().outcome == "menu-ended"


def test_a_flow_that_is_not_there_has_its_end_and_reason() -> None:
    """A configuration nobody checked: the caller is told, the record says why."""
    stage, _ = in_menu(entry=Destination.parse("flow:gone"))
    stage.clock.advance(1)
    assert stage.end().outcome == "menu-broken"
    assert steps(stage, "no-such-flow") == ["gone"]


def test_a_prompt_that_is_missing_is_noted_and_left_out() -> None:
    """The rest is heard, the menu goes on."""
    menu = {**NODES["main"], "prompts": ["prompt:gone", "prompt:main"]}
    stage, _ = in_menu({"main": menu, **{name: NODES[name] for name in ("more", "operator", "sales")}})
    assert stage.endpoint("a").playing == ("main-prompt",)
    assert steps(stage, "no-prompt") == ["prompt:gone"]
    press(stage, "1")
    assert len(stage.dialler.dialled) == 1


def test_a_prompt_by_its_content_address() -> None:
    """As provisioning files name audio files."""
    stage, _ = in_menu({"end": {"kind": "hang-up", "prompts": ["ab" * 32]}})
    assert stage.endpoint("a").playing == ("ab" * 32,)


# -- web -----------------------------------------------------------------------------------------------


WEB: dict[str, Any] = {
    "web": {"kind": "request", "url": "https://crm.example/ivr", "prompts": ["please-hold"], "field": "level",
            "cases": {"vip": "sales"}, "default": "main"},
    **{name: NODES[name] for name in ("main", "more", "operator", "sales")},
}  # fmt: skip


def test_a_web_server_decides_by_who_calls() -> None:
    """Signed JSON with caller and number; its answer ends the hold prompt."""
    stage, _ = in_menu(WEB, web_secret="s3cret")
    (request,) = stage.web.requests
    assert (request.tenant, request.secret, request.seconds) == ("acme", "s3cret", 5.0)
    body = msgspec.json.decode(request.body)
    assert (body["caller"], body["number"], body["flow"], body["node"]) == (
        "13900001111", "4001003721", "main", "web",
    )  # fmt: skip
    assert stage.endpoint("a").playing == ("please-hold",)
    stage.web.answer(200, b'{"level": "vip"}')
    assert len(stage.dialler.dialled) == 1
    assert steps(stage, "web") == ["web 200"]


def test_a_web_server_that_is_dead_leads_to_the_default() -> None:
    """Three attempts, each reason in the record; the caller goes on."""
    stage, caller = in_menu(WEB)
    for reason in ("timeout", "connection refused", "timeout"):
        stage.web.fail(reason)
    assert steps(stage, "web-failed") == ["web timeout", "web connection refused", "web timeout"]
    assert stage.endpoint("a").playing == ("main-prompt",)
    assert hang_up(stage, caller) == "gave-up-menu"


def test_keys_pressed_while_the_web_is_asked_count_afterwards() -> None:
    """The caller need not wait for the menu."""
    stage, _ = in_menu(WEB)
    press(stage, "1")
    stage.web.fail("private address", again=False)
    assert walked(stage) == ["web", "main", "sales"]


def test_a_caller_who_hangs_up_meanwhile_closes_the_request() -> None:
    """No answer comes to a call that is over."""
    stage, caller = in_menu(WEB)
    assert hang_up(stage, caller) == "gave-up-menu"
    assert (stage.web.given_up, stage.web.waiting) == (1, [])
