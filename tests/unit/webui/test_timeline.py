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
    record = replace(made_up("alpha", "4001003721", 0.0), timeline=(Moment(0, what),))
    (line,) = timeline(record, Texts("zh"))
    assert line.text
    assert not line.text.isascii()
