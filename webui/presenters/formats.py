"""Numbers, times and calls as people read them; Beijing time."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Final

from domain.calling.caller import CLASS_WORDS, CallerClass
from domain.customers.missed import NOT_MISSED
from domain.outcomes import VERDICTS, Outcome
from domain.voice.prompts import own_name
from storage.records.call_id import BEIJING
from storage.records.rows import CallRow
from storage.serving.places import place_of_row
from webui.presenters.texts import N_, Texts

HANG_UP: Final = {"caller": N_("Caller"), "answerer": N_("Answerer"), "box": N_("System")}


def moment(seconds: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Write UTC POSIX seconds in Beijing time."""
    return datetime.fromtimestamp(seconds, BEIJING).strftime(form)


def clock(seconds: float) -> str:
    """Write a duration, rounded to seconds: ``1:05``, ``1:02:03``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def lasted(seconds: float) -> str:
    """Write how long a call lasted: seconds that began count, as they do where it is charged."""
    return clock(ceil(seconds))


def outcome_words(texts: Texts, outcome: str) -> str:
    """Say how a call ended."""
    if outcome not in Outcome._value2member_map_:
        return outcome
    verdict = VERDICTS[Outcome(outcome)]
    return texts.either(verdict.zh, verdict.en)


def outcome_colour(outcome: str) -> str:
    """Return the badge of an end: answered, missed, anything else."""
    if outcome == Outcome.ANSWERED:
        return "good"
    return "plain" if outcome in NOT_MISSED else "bad"


def class_words(texts: Texts, caller_class: str) -> str:
    """Say what kind of caller it was."""
    if caller_class not in CallerClass._value2member_map_:
        return ""
    words = CLASS_WORDS[CallerClass(caller_class)]
    return texts.either(words.zh, words.en)


def sound_words(texts: Texts, reference: str | None) -> str:
    """Say which prompt is heard: the tenant's own by its name."""
    if reference is None:
        return texts("None")
    return own_name(reference) or texts("Set by the operator")


def place_words(row: CallRow) -> str:
    """Say where a caller was from; empty when unknown."""
    return place_of_row(row).name


def area_code(row: CallRow) -> str:
    """Return a caller's area code; empty when unknown."""
    return place_of_row(row).area_code


def nicely(number: str) -> str:
    """Write a 400 number in the way of the trade: 400-100-3721."""
    return f"{number[:3]}-{number[3:6]}-{number[6:]}" if len(number) == 10 and number[:3] == "400" else number
