"""What happened in a call, moment by moment, in words."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.course_words import moment_words
from storage.records.record import CallRecord
from webui.presenters.texts import N_, Texts

WORDS: Final = {
    "start": N_("Call arrives"),
    "dial": N_("Rings {who}"),
    "prog": N_("{who} is ringing"),
    "leg-ans": N_("{who} answers"),
    "leg-end": N_("{who} ends"),
    "answer": N_("Caller is answered"),
    "bridge": N_("Connected"),
    "unbridge": N_("Apart"),
    "msg": N_("Leaves a message"),
    "msg-end": N_("Message ends"),
    "key": N_("Keys"),
    "part": N_("Takes part"),
    "end": N_("Call ends"),
}

GOOD: Final = ("bridge", "leg-ans", "answer")


class Line(NamedTuple):
    """One line of the story."""

    ms: int
    text: str
    detail: str
    colour: str


def timeline(record: CallRecord, texts: Texts) -> list[Line]:
    """Return the story; who is meant by a leg is said by his number."""
    who = {leg.leg: leg.target for leg in record.legs} | {"a": record.caller or texts("Caller")}
    lines = []
    for moment in record.timeline:
        plain, detail = moment_words(moment.what, moment.detail, texts.language)
        words = WORDS.get(moment.what)
        if moment.what == "step":  # it has no kind: what it says is the line
            text, detail = detail, ""
        else:
            text = plain.capitalize() if words is None else texts(words, who=who.get(moment.leg, moment.leg))
        colour = "good" if moment.what in GOOD else "bad" if moment.what == "end" else "plain"
        lines.append(Line(moment.ms, text, detail, colour))
    return lines
