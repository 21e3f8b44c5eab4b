"""What a caller meets in a voice menu: every kind of node, keys, time-outs, type-ahead."""

from __future__ import annotations

from typing import Any

import pytest

from domain.days.calendar import Calendar
from domain.flow.dialling import DialPlan
from domain.flow.interpreter import start, step
from domain.flow.steps import (
    Ask,
    Begun,
    CarryOn,
    Expired,
    Key,
    Leave,
    Listen,
    Played,
    PlayPrompts,
    WebAnswered,
    WebFailed,
)
from domain.places.place import UNKNOWN
from domain.routing.destination import Destination
from tests.unit.flow.scene import AROUND, MONDAY_MORNING, Walk, flow

BYE = {"kind": "hang-up"}
SALES = {"kind": "go", "to": "group:sales"}
MENU: dict[str, Any] = {"kind": "menu", "prompts": ["prompt:main"], "keys": {"1": "sales", "2": "more"}}
NODES: dict[str, Any] = {
    "hello": {"kind": "play", "prompts": ["welcome"], "next": "main"},
    "main": MENU,
    "more": {"kind": "menu", "prompts": ["prompt:more"], "keys": {"1": "sales", "*": "main"}},
    "sales": SALES,
}


def test_a_caller_hears_the_greeting_then_the_menu_and_chooses() -> None:
    """Greeting, menu, key, destination; the path is noted."""
    walk = Walk(flow(NODES))
    assert walk.action == PlayPrompts(("welcome",))
    assert walk.play_out() == PlayPrompts(("prompt:main",))
    assert walk.play_out() == Listen(5.0)
    walk.press("1")
    assert (walk.end(), walk.path) == ("group:sales", ["hello", "main", "sales"])


def test_a_key_stops_the_prompt_and_counts() -> None:
    """Barge-in: in the greeting the key is for the menu after it."""
    walk = Walk(flow(NODES))
    assert walk.press("2") == PlayPrompts(("prompt:more",))
    assert walk.press("1") is walk.action
    assert walk.end() == "group:sales"


def test_keys_typed_ahead_walk_through_menus_unheard() -> None:
    """Who knows the menu keys all at once, even before it began."""
    walk = Walk(flow(NODES), typed="2*21")
    assert (walk.end(), walk.path) == ("group:sales", ["hello", "main", "more", "main", "more", "sales"])


def test_a_prompt_that_must_be_heard_keeps_keys_for_later() -> None:
    """interruptible: false plays to the end; the keys count then."""
    notice = {"kind": "play", "prompts": ["recording-notice"], "interruptible": False, "next": "main"}
    walk = Walk(flow({"notice": notice, "main": {**MENU, "interruptible": False}, **NODES}))
    assert walk.tell(Key("2")) == CarryOn()
    assert walk.play_out() == PlayPrompts(("prompt:more",))
    walk = Walk(
        flow({"main": {**MENU, "interruptible": False}, **{k: v for k, v in NODES.items() if k != "main"}})
    )
    assert walk.tell(Key("1")) == CarryOn()
    walk.play_out()
    assert walk.end() == "group:sales"


def test_a_wrong_key_is_told_and_asked_again() -> None:
    """The wrong-key prompt comes before the menu's own; keys typed after the wrong one are forgotten."""
    walk = Walk(flow(NODES), typed="71")
    assert walk.action == PlayPrompts(("wrong-key", "prompt:main"))
    assert "menu-wrong-key main 7" in walk.notes
    walk.press("1")
    assert walk.end() == "group:sales"


@pytest.mark.parametrize(("event", "outcome"), [("wrong", "menu-wrong-keys"), ("silence", "menu-no-key")])
def test_after_three_retries_the_caller_is_given_up(event: str, outcome: str) -> None:
    """The first attempt and three more, then the call ends with its reason."""
    walk = Walk(flow(NODES))
    walk.play_out()
    for attempt in range(4):
        assert isinstance(walk.action, PlayPrompts), attempt
        walk.press("9") if event == "wrong" else walk.wait()
    assert walk.end() == outcome


def test_a_default_takes_who_pressed_nothing() -> None:
    """The operator rather than the end."""
    menu = {**MENU, "retries": 1, "first_key_seconds": 8, "default": "sales"}
    walk = Walk(flow({**NODES, "main": menu}, "main"))
    assert walk.play_out() == Listen(8.0)
    assert walk.tell(Expired()) == PlayPrompts(("no-key", "prompt:main"))
    walk.wait()
    assert walk.end() == "group:sales"


def test_five_menus_one_within_the_other() -> None:
    """Nested menus, down to the fifth and back up."""
    nodes: dict[str, Any] = {
        f"m{depth}": {
            "kind": "menu",
            "prompts": [f"prompt:m{depth}"],
            "keys": {"1": f"m{depth + 1}", "*": "m1"},
        }
        for depth in range(1, 6)
    }
    nodes["m6"] = BYE
    walk = Walk(flow(nodes))
    walk.press("1111*11111")
    assert walk.path == ["m1", "m2", "m3", "m4", "m5", "m1", "m2", "m3", "m4", "m5", "m6"]
    assert walk.end() == "menu-ended"


# -- 总机/分机 -----------------------------------------------------------------------------------------


DIAL: dict[str, Any] = {"kind": "dial", "keys": {"0": "sales"}}


def test_an_extension_is_dialled() -> None:
    """The prompt, the digits, and no waiting once nothing longer is possible."""
    walk = Walk(flow({"dial": DIAL, "sales": SALES}))
    assert walk.action == PlayPrompts(("enter-extension",))
    assert walk.press("800") == Listen(3.0)
    walk.press("2")
    assert (walk.end(), walk.notes[-1]) == ("extension:8002", "menu-dialled 8002")


def test_a_key_beside_extensions_leads_to_the_operator() -> None:
    """0 begins no extension: it counts at once."""
    walk = Walk(flow({"dial": DIAL, "sales": SALES}))
    walk.press("0")
    assert walk.end() == "group:sales"


@pytest.mark.parametrize("ending", ["#", ""])
def test_a_number_that_is_the_beginning_of_another_ends_by_key_or_pause(ending: str) -> None:
    """801 and 8011: # or three seconds without a digit."""
    walk = Walk(flow({"dial": DIAL, "sales": SALES}), dial=DialPlan(("801", "8011")))
    assert walk.press("801") == Listen(3.0)
    walk.press(ending) if ending else walk.tell(Expired())
    assert walk.end() == "extension:801"


def test_an_unknown_extension_is_told_after_all_its_digits() -> None:
    """9123 is one wrong number, not four wrong keys."""
    walk = Walk(flow({"dial": {**DIAL, "retries": 0}, "sales": SALES}), typed="712")
    assert walk.action == Listen(3.0)
    walk.press("3")
    assert (walk.end(), walk.notes[-1]) == ("menu-wrong-keys", "menu-wrong-key dial 7123")
    walk = Walk(flow({"dial": DIAL, "sales": SALES}))
    assert walk.press("71#") == PlayPrompts(("extension-unknown", "enter-extension"))


def test_extensions_during_a_menu() -> None:
    """Keys of the menu and direct dialling side by side: 8 is a key and begins extensions."""
    menu = {**MENU, "extensions": True, "keys": {"1": "sales", "8": "bye"}}
    nodes = {"main": menu, "sales": SALES, "bye": BYE}
    walk = Walk(flow(nodes))
    walk.press("1")
    assert walk.end() == "group:sales"
    walk = Walk(flow(nodes))
    walk.press("8001")
    assert walk.end() == "extension:8001"
    walk = Walk(flow(nodes))
    assert walk.press("8") == Listen(3.0)
    walk.tell(Expired())
    assert walk.end() == "menu-ended"


def test_a_wrong_key_during_a_menu_is_told_at_once() -> None:
    """7 is no key and begins no extension; 89 may still be a number that was mistyped."""
    nodes = {"main": {**MENU, "extensions": True, "keys": {"1": "sales"}}, "sales": SALES}
    walk = Walk(flow(nodes))
    walk.press("7")
    assert walk.notes[-1] == "menu-wrong-key main 7"
    assert isinstance(walk.action, PlayPrompts)
    assert Walk(flow(nodes)).press("89") == Listen(3.0)


# -- collecting ----------------------------------------------------------------------------------------


COLLECT: dict[str, Any] = {
    "kind": "collect", "prompts": ["prompt:order"], "variable": "order", "least": 3, "most": 6,
    "next": "branch",
}  # fmt: skip
BRANCH = {"kind": "branch", "variable": "order", "cases": {"1234": "sales"}, "default": "bye"}
ORDER = {"order": COLLECT, "branch": BRANCH, "sales": SALES, "bye": BYE}


@pytest.mark.parametrize(
    ("keys", "wait", "end"),
    [
        pytest.param("1234#", False, "group:sales", id="terminated"),
        pytest.param("1234", True, "group:sales", id="by the time between digits"),
        pytest.param("123456", False, "menu-ended", id="complete by its length"),
        pytest.param("99*1234#", False, "group:sales", id="begun anew with *"),
    ],
)
def test_digits_are_collected(keys: str, wait: bool, end: str) -> None:
    """Terminator, pause and length end them; they are in a variable then."""
    walk = Walk(flow(ORDER))
    walk.press(keys)
    if wait:
        assert walk.action == Listen(3.0)
        walk.tell(Expired())
    assert walk.end() == end
    assert walk.state.digits == walk.state.variables["order"] == keys.removesuffix("#").rpartition("*")[2]


def test_too_few_digits_are_wrong() -> None:
    """12# is asked again."""
    walk = Walk(flow(ORDER))
    assert walk.press("12#") == PlayPrompts(("wrong-key", "prompt:order"))
    assert walk.wait() == PlayPrompts(("no-key", "prompt:order"))


def test_a_hash_after_the_last_possible_digit_is_not_the_next_nodes() -> None:
    """Who was told to end with # does so though the digits were complete."""
    nodes = {**ORDER, "branch": {**MENU, "keys": {"1": "sales"}}}
    walk = Walk(flow(nodes))
    walk.press("123456")
    assert walk.action == PlayPrompts(("prompt:main",))
    assert walk.tell(Key("#")) == CarryOn()
    walk.press("1")
    assert walk.end() == "group:sales"


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ("mobile", "13900001111", "12900001111"),
        ("date", "20260228", "20260230"),
        ("id-card", "11010519491231002*", "110105194912310021"),
        ("bank-card", "4111111111111111", "4111111111111112"),
    ],
)
def test_digits_are_checked(rule: str, right: str, wrong: str) -> None:
    """A mobile number, a day, an identity card with its check digit, a bank card with its own."""
    node = {**COLLECT, "rule": rule, "least": len(right), "most": len(right), "retries": 0}
    walk = Walk(flow({**ORDER, "order": node}))
    walk.press(right)
    assert walk.end() == "menu-ended"
    walk = Walk(flow({**ORDER, "order": node}))
    walk.press(wrong)
    assert walk.end() == "menu-wrong-keys"


def test_only_allowed_digits_are_right() -> None:
    """A list of codes."""
    node = {**COLLECT, "allowed": ["100", "200"], "retries": 0}
    walk = Walk(flow({**ORDER, "order": node}))
    walk.press("200#")
    assert walk.end() == "menu-ended"
    walk = Walk(flow({**ORDER, "order": node}))
    walk.press("300#")
    assert walk.end() == "menu-wrong-keys"


def test_secret_digits_are_known_before_they_are_pressed() -> None:
    """Masked from the prompt before them on; wrong ones are masked in the notes."""
    nodes = {
        "hello": {"kind": "play", "prompts": ["welcome"], "next": "pin"},
        "pin": {**COLLECT, "secret": True},
        **{name: node for name, node in ORDER.items() if name != "order"},
    }
    walk = Walk(flow(nodes))
    assert walk.secret
    walk.press("12")
    assert walk.secret
    walk.press("#")
    assert "menu-wrong-key pin xx" in walk.notes
    assert not Walk(flow(NODES)).secret


# -- branches ------------------------------------------------------------------------------------------


def went(node: dict[str, Any], **around: Any) -> str:
    """Return where a branching node leads a caller: to a, b or c."""
    ends = {name: {"kind": "go", "to": f"group:{name}"} for name in "abc"}
    return Walk(flow({"n": node, **ends}), **around).end().removeprefix("group:")


def test_working_hours() -> None:
    """Open on a Monday morning, closed at night, and open on a Saturday that is worked (调休)."""
    node = {"kind": "hours", "schedule": ["workdays 09:00-18:00"], "open": "a", "closed": "b"}
    at = Calendar().at
    assert went(node) == "a"
    assert went(node, when=at(MONDAY_MORNING + 12 * 3600)) == "b"
    assert went(node, when=at(1_791_594_600.0)) == "a"  # Sat 2026-10-10 09:10


def test_area() -> None:
    """Area code, province, region group, beginning of the number; the first case that fits."""
    node = {
        "kind": "area",
        "cases": [
            {"area_codes": ["010"], "next": "a"},
            {"provinces": ["辽宁"], "regions": ["华东"], "next": "b"},
        ],
        "default": "c",
    }
    assert went(node) == "b"
    assert went({**node, "cases": [{"area_codes": ["024"], "next": "a"}, *node["cases"]]}) == "a"
    assert went(node, place=UNKNOWN, region="华东") == "b"
    assert went(node, place=UNKNOWN, region="") == "c"
    by_number = {**node, "cases": [{"prefixes": ["139"], "next": "a"}]}
    assert went(by_number) == "a"
    assert went(by_number, caller="") == "c"


def test_percentages_are_exact_over_each_hundred_callers() -> None:
    """30, 0 and 70 of any hundred that follow each other, spread evenly."""
    shares = [{"percent": 30, "next": "a"}, {"percent": 0, "next": "b"}, {"percent": 70, "next": "c"}]
    ways = [went({"kind": "percentage", "shares": shares}, turns={"n": turn}) for turn in range(250)]
    for first in (0, 37, 150):
        hundred = ways[first : first + 100]
        assert (hundred.count("a"), hundred.count("b"), hundred.count("c")) == (30, 0, 70)
    assert "".join(ways[:10]).count("a") == 3


def test_a_node_that_is_passed_twice_divides_twice() -> None:
    """The step says so, so that the count goes on from there."""
    shares = [{"percent": 50, "next": "n"}, {"percent": 50, "next": "a"}]
    nodes = {"n": {"kind": "percentage", "shares": shares}, "a": {"kind": "go", "to": "group:a"}}
    taken = step(flow(nodes), start(AROUND), Begun(), AROUND)
    assert taken.divided == ("n", "n")
    assert taken.action == Leave(Destination.parse("group:a"))


def test_a_variable_is_set_and_spoken() -> None:
    """Texts with variables in; number and digits are said by shipped prompts."""
    walk = Walk(
        flow(
            {
                "set": {"kind": "set", "variable": "tail", "value": "{number}-{nothing}", "next": "say"},
                "say": {
                    "kind": "play",
                    "prompts": ["digits:tail", "number:tail", "digits:none"],
                    "next": "set2",
                },
                "set2": {"kind": "set", "variable": "count", "value": "12", "next": "bye"},
                "bye": {"kind": "hang-up", "prompts": ["number:count", "goodbye"]},
            }
        )
    )
    digits = tuple(f"digit-{digit}" for digit in ("4", "0", "0", "yao", "0", "0", "3", "7", "2", "yao"))
    assert walk.action == PlayPrompts(digits + digits)
    assert walk.play_out() == PlayPrompts(("unit-10", "digit-2", "goodbye"))
    walk.play_out()
    assert walk.end() == "menu-ended"


# -- web request ---------------------------------------------------------------------------------------


WEB: dict[str, Any] = {
    "kind": "request", "url": "https://crm.example/ivr", "prompts": ["please-hold"], "field": "data.level",
    "cases": {"vip": "a"}, "statuses": {"404": "b"}, "save": {"name": "data.name"}, "next": "c",
    "default": "d",
}  # fmt: skip
WEB_NODES = {"n": WEB, **{name: {"kind": "go", "to": f"group:{name}"} for name in "abcd"}}


def asked() -> Walk:
    """Return a call that awaits a web server."""
    return Walk(flow(WEB_NODES))


def test_a_web_server_is_told_of_the_call() -> None:
    """Caller, number, digits and variables; a prompt is played meanwhile."""
    walk = asked()
    assert isinstance(walk.action, Ask)
    assert (walk.action.url, walk.action.seconds, walk.action.prompts) == (WEB["url"], 5.0, ("please-hold",))
    body = walk.action.body
    assert {name: body[name] for name in ("call", "flow", "node", "caller", "number", "digits")} == {
        "call": "CALL", "flow": "main", "node": "n", "caller": "13900001111", "number": "4001003721",
        "digits": "",
    }  # fmt: skip
    assert walk.tell(Played()) == CarryOn()
    assert walk.tell(Key("1")) == CarryOn()


@pytest.mark.parametrize(
    ("status", "fields", "end"),
    [
        (200, {"data.level": "vip"}, "a"),
        (200, {"data.level": "new"}, "c"),
        (404, None, "b"),
        (204, None, "d"),
        (403, {"data.level": "vip"}, "d"),
        (302, None, "d"),
    ],
)
def test_the_answer_decides(status: int, fields: dict[str, str] | None, end: str) -> None:
    """By a field of a good answer, by status, else the default."""
    walk = asked()
    walk.tell(WebAnswered(status, fields))
    assert walk.end() == f"group:{end}"


def test_fields_of_the_answer_are_kept() -> None:
    """In variables, cut when they are long."""
    walk = asked()
    walk.tell(WebAnswered(200, {"data.name": "王" * 1000}))
    assert walk.state.variables["name"] == "王" * 256


@pytest.mark.parametrize("failure", [WebFailed("timeout"), WebAnswered(503, None)])
def test_a_dead_web_server_is_asked_twice_more(failure: WebFailed | WebAnswered) -> None:
    """Then the default branch, with every reason noted."""
    walk = asked()
    for _ in range(2):
        assert isinstance(walk.tell(failure), Ask)
        assert isinstance(walk.action, Ask)
        assert walk.action.prompts == ()
    walk.tell(failure)
    assert walk.end() == "group:d"
    assert len([note for note in walk.notes if note.startswith("web-failed n ")]) == 3


def test_what_cannot_get_better_is_not_asked_again() -> None:
    """A private address stays private."""
    walk = asked()
    walk.tell(WebFailed("private address", again=False))
    assert walk.end() == "group:d"


# -- whatever happens ----------------------------------------------------------------------------------


def test_events_that_nobody_waits_for_change_nothing() -> None:
    """A time-out that came with the key, the end of a prompt that was stopped."""
    walk = Walk(flow(NODES))
    walk.play_out()
    walk.play_out()
    state = walk.state
    for event in (Begun(), Played(), WebFailed("late"), WebAnswered(200, {})):
        assert walk.tell(event) == CarryOn()
        assert walk.state == state
    walk.press("1")
    for event in (Begun(), Played(), Expired(), Key("2"), WebFailed("late")):
        assert walk.tell(event) == CarryOn()
    assert walk.end() == "group:sales"


def test_a_flow_that_was_never_checked_ends_with_its_reason() -> None:
    """A node that is not there, a destination that is none, a circle."""
    assert Walk(flow({"a": {"kind": "play", "prompts": [], "next": "b"}})).end() == "menu-broken"
    assert Walk(flow({"a": {"kind": "go", "to": "nowhere:x"}})).end() == "menu-broken"
    circle = {"kind": "set", "variable": "x", "value": "", "next": "a"}
    assert Walk(flow({"a": circle})).end() == "routed-in-circles"
