"""A call's SIP messages as a picture: who sent what to whom, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from b2bua.trace_read import TracedMessage
from domain.calling.masking import in_text
from webui.presenters.formats import moment

COLUMN: Final = 220
ROW: Final = 34
TOP: Final = 56
LEFT: Final = 110
MOST: Final = 200


class Arrow(NamedTuple):
    """One message; lengths are units of the drawing."""

    y: int
    start: int
    end: int
    label: str
    time: str
    colour: str
    message: str

    @property
    def middle(self) -> int:
        """Return where the label stands."""
        return (self.start + self.end) // 2


class Ladder(NamedTuple):
    """The whole picture."""

    width: int
    height: int
    columns: list[tuple[int, str]]
    """Middle of a life line, and whose it is."""
    arrows: list[Arrow]


def draw(messages: list[TracedMessage], hidden: Iterable[str] = ()) -> Ladder:
    """Lay the messages out; the box stands between the caller and who is rung.

    ``hidden``: numbers that are shown without their middle.
    """
    legs = sorted({each.leg for each in messages if each.leg != "a"}, key=lambda leg: (len(leg), leg))
    names = ["a", "box400", *legs]
    places = {name: LEFT + COLUMN // 2 + COLUMN * index for index, name in enumerate(names)}
    arrows = []
    for row, each in enumerate(messages[:MOST]):
        box, leg = places["box400"], places[each.leg]
        start, end = (box, leg) if each.sent else (leg, box)
        text = each.data.decode("utf-8", "replace")
        for number in hidden:
            text = in_text(text, number)
        arrows.append(
            Arrow(
                TOP + ROW * (row + 1), start, end, _label(each), moment(each.utc, "%H:%M:%S.%f")[:12],
                _colour(each), "".join(char if char.isprintable() or char == "\n" else "" for char in text),
            )
        )  # fmt: skip
    remote = {each.leg: f"{each.remote[0]}:{each.remote[1]}" for each in messages}
    columns = [
        (place, name if name == "box400" else f"{name} {remote.get(name, '')}".strip())
        for name, place in places.items()
    ]
    return Ladder(LEFT + COLUMN * len(names), TOP + ROW * (len(arrows) + 1), columns, arrows)


def _label(message: TracedMessage) -> str:
    line = message.first_line
    text = line.removeprefix("SIP/2.0 ") if line.startswith("SIP/") else line.split(" ", 1)[0]
    return f"{text[:26]} + SDP" if message.has_sdp else text[:30]


def _colour(message: TracedMessage) -> str:
    line = message.first_line
    if not line.startswith("SIP/2.0 "):
        return "request"
    return {"1": "early", "2": "good"}.get(line[8:9], "bad")
