"""The story of a call, as its page tells it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.course_words import MOMENTS
from storage.records.record import Moment
from tests.unit.webui.site import made_up
from webui.presenters.texts import Texts
from webui.presenters.timeline import timeline


@pytest.mark.parametrize("what", MOMENTS)
def test_every_moment_has_chinese_words(what: str) -> None:
    """Also what queues and ratings leave in a record."""
    moment = Moment(0, what, detail="to queue:sales" if what == "step" else "")
    record = replace(made_up("alpha", "4001003721", 0.0), timeline=(moment,))
    (line,) = timeline(record, Texts("zh"))
    assert line.text
    assert not line.text.isascii()


def test_a_step_is_said_in_words() -> None:
    """Where the call went, not the word of ours that the journal keeps."""
    moments = (Moment(0, "step", detail="to queue:sales"), Moment(1, "step", detail="offered 8002"))
    record = replace(made_up("alpha", "4001003721", 0.0), timeline=moments)
    assert [(each.text, each.detail) for each in timeline(record, Texts("zh"))] == [
        ("转到队列 sales", ""), ("分配给坐席 8002", ""),
    ]  # fmt: skip
