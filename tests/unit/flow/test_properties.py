"""No flow keeps a call for ever, whatever is in it and whatever the caller does."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.flow.checker import check
from domain.flow.document import FlowDocument
from domain.flow.graph import Graph
from domain.flow.interpreter import MOST_NODES
from domain.flow.reading import as_document
from domain.flow.steps import (
    Ask,
    End,
    Event,
    Expired,
    Key,
    Leave,
    Listen,
    Played,
    PlayPrompts,
    WebAnswered,
    WebFailed,
)
from tests.unit.flow.scene import Walk, World

NAMES = st.sampled_from([f"n{number}" for number in range(6)])
TABLE = st.dictionaries(st.sampled_from("0123456789*#"), NAMES, max_size=4)
DEFAULT = st.none() | NAMES
PROMPTS = st.sampled_from([[], ["welcome"], ["digits:v"], ["prompt:a", "number:v"]])


def node(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make plain nodes."""
    return st.fixed_dictionaries(fields)


ASKING = {
    "prompts": PROMPTS,
    "retries": st.integers(0, 3),
    "default": DEFAULT,
    "interruptible": st.booleans(),
}
NODES = st.one_of(
    node(kind=st.just("play"), prompts=PROMPTS, next=NAMES, interruptible=st.booleans()),
    node(kind=st.just("menu"), keys=TABLE, extensions=st.booleans(), **ASKING),
    node(kind=st.just("dial"), keys=TABLE, **ASKING),
    node(kind=st.just("collect"), variable=st.just("v"), next=NAMES, most=st.integers(1, 4), **ASKING),
    node(
        kind=st.just("hours"),
        schedule=st.sampled_from([["daily 00:00-24:00"], []]),
        open=NAMES,
        closed=NAMES,
    ),
    node(
        kind=st.just("percentage"), shares=st.lists(node(percent=st.integers(0, 100), next=NAMES), min_size=1)
    ),
    node(kind=st.just("set"), variable=st.just("v"), value=st.sampled_from(["1", "{v}{v}x"]), next=NAMES),
    node(kind=st.just("branch"), variable=st.just("v"), cases=TABLE, default=NAMES),
    node(
        kind=st.just("request"), url=st.just("http://crm.example/"), default=NAMES, retries=st.integers(0, 3)
    ),
    node(kind=st.just("go"), to=st.sampled_from(["bound", "hang-up", "group:x", "wrong:x"])),
    node(kind=st.just("hang-up"), prompts=PROMPTS),
)
FLOWS = st.dictionaries(NAMES, NODES, min_size=1).map(
    lambda nodes: as_document({"start": next(iter(nodes)), "nodes": nodes})
)
FORWARD = {"next", "default", "open", "closed"}


def forward(plain: dict[str, Any]) -> FlowDocument:
    """Lead silent callers forwards only, to a node that hangs up; leave out what nothing leads to."""
    names = sorted(plain)
    nodes: dict[str, Any] = {}
    for index, name in enumerate(names):
        later = [*names[index + 1 :], "last"]
        fields = dict(plain[name])
        for field in FORWARD & fields.keys():
            fields[field] = later[int(fields[field][1:] if fields[field] else 0) % len(later)]
        if fields["kind"] == "branch":
            fields["cases"] = dict.fromkeys(fields["cases"], later[0])
        if fields["kind"] == "percentage":
            fields["shares"] = [{"percent": 40, "next": later[0]}, {"percent": 60, "next": later[-1]}]
        if fields["kind"] in ("menu", "dial"):
            fields["keys"] = {**fields["keys"], "5": later[0]}
        nodes[name] = fields
    nodes["last"] = {"kind": "hang-up"}
    flow = as_document({"start": names[0], "nodes": nodes})
    reached = Graph(flow).reached()
    return msgspec.structs.replace(
        flow, nodes={name: flow.nodes[name] for name in flow.nodes if name in reached}
    )


SOUND = st.fixed_dictionaries({f"n{number}": NODES for number in range(6)}).map(forward)
EVENTS = st.one_of(
    st.sampled_from("0123456789*#").map(Key),
    st.just(Played()),
    st.just(Expired()),
    st.builds(WebFailed, st.just("dead"), st.booleans()),
    st.builds(WebAnswered, st.sampled_from([200, 302, 404, 500]), st.none() | st.just({"a": "b"})),
)


def due(walk: Walk) -> Event:
    """Return what comes by itself when the caller does nothing."""
    match walk.action:
        case PlayPrompts():
            return Played()
        case Listen():
            return Expired()
        case Ask():
            return WebFailed("timeout")
    raise AssertionError(f"nothing would ever happen: {walk.action}")


def over(walk: Walk) -> bool:
    """Tell whether the flow is over."""
    return isinstance(walk.action, Leave | End)


@settings(max_examples=200, deadline=None)
@given(FLOWS, st.lists(EVENTS, max_size=60), st.text("0123456789*#", max_size=8))
def test_a_call_always_waits_for_something_that_comes_and_ends(
    flow: FlowDocument, events: list[Event], typed: str
) -> None:
    """After any events, silence alone brings every call out of the menu in a bounded number of steps."""
    walk = Walk(flow, typed=typed)
    for event in events:
        if over(walk):
            break
        walk.tell(event)
    steps = 0
    while not over(walk):
        walk.tell(due(walk))
        steps += 1
        assert steps < 4000, "a silent caller is kept for ever"
    assert walk.state.entered <= MOST_NODES + 1
    assert len(walk.state.typed) <= 32
    assert all(len(value) <= 256 for value in walk.state.variables.values())


@settings(max_examples=150, deadline=None)
@given(SOUND)
def test_what_the_checker_passes_ends_by_itself(flow: FlowDocument) -> None:
    """A silent caller in a flow without problems is never cut off for going in circles."""
    assume(not check(flow, World(), "main"))
    walk = Walk(flow)
    while not over(walk):
        walk.tell(due(walk))
    assert walk.end() not in ("routed-in-circles", "menu-broken")


@settings(max_examples=50, deadline=None)
@given(FLOWS, st.lists(EVENTS, max_size=20))
def test_the_same_events_lead_to_the_same_place(flow: FlowDocument, events: list[Event]) -> None:
    """Nothing but state, event and surroundings decides."""
    ways = []
    for _ in range(2):
        walk = Walk(flow)
        for event in events:
            walk.tell(event)
        ways.append((walk.state, walk.action, walk.notes))
    assert ways[0] == ways[1]
