"""Whatever is in a flow and whatever the caller does: no mistake of ours, nothing left behind."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flow.document import Flow, FlowDocument
from tests.unit.calls.test_menu import on_stage
from tests.unit.flow.test_properties import FLOWS

DOINGS = st.one_of(
    st.sampled_from("0123456789*#").map(lambda key: ("press", key)),
    st.sampled_from("0123456789*#").map(lambda key: ("info", key)),
    st.sampled_from([0.1, 1.0, 3.0, 5.0, 30.0]).map(lambda seconds: ("wait", seconds)),
    st.sampled_from([(200, b'{"a": "b"}'), (200, b"no JSON"), (404, b""), (503, b"")]).map(
        lambda a: ("web", a)
    ),
    st.just(("fail", None)),
    st.just(("cut", None)),
)


def do(stage: Any, caller: Any, doing: tuple[str, Any]) -> None:
    """Let one thing happen, if it still can."""
    what, value = doing
    match what:
        case "press" if not caller.over:
            stage.endpoint("a").press(value)
        case "info" if caller.on_key is not None:
            caller.peer_keys(value)
        case "wait":
            stage.clock.advance(value)
        case "web" if stage.web.waiting:
            stage.web.answer(*value)
        case "fail" if stage.web.waiting:
            stage.web.fail("connection refused")
        case "cut" if stage.switchboard.calls:
            stage.switchboard.take_down(stage.live().id)


@settings(max_examples=150, deadline=None)
@given(FLOWS, st.lists(DOINGS, max_size=25), st.booleans())
def test_every_call_ends_with_its_reason_and_leaves_nothing(
    flow: FlowDocument, doings: list[tuple[str, Any]], welcomed: bool
) -> None:
    """Unchecked flows, keys of both kinds, time, web servers, operators: then the caller hangs up."""
    published = Flow(name="main", version=1, start=flow.start, nodes=flow.nodes)
    stage, caller = on_stage(published, welcome="the-welcome" if welcomed else None)
    for doing in doings:
        do(stage, caller, doing)
    if not caller.over:
        caller.peer_hangs_up()
    for leg in stage.dialler.legs:
        assert leg.over
    ended = stage.end()
    assert ended.outcome != "internal-error"
    assert stage.switchboard.counts.faults == 0
    assert stage.web.waiting == []
