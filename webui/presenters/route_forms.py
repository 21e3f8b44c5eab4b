"""Route plans as forms: what stands in the fields, and what was meant by what was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from domain.calling.caller import typed_number
from webui.presenters.schedule import told_in

Fields = dict[str, Any]
SHARES: Final = 4
"""Rows of a split in the form; more are set up by `apply`."""
_BETWEEN: Final = re.compile(r"[\s,，、;；]+")
_NOTED: Final = re.compile(r"[\s,，:：]+")
"""Between a number and what is noted of it."""


def typed_of(part: str, fields: Fields, language: str) -> dict[str, Any]:
    """Return what the form of a part shows at first; ``fields`` as provisioning files write them."""
    match part:
        case "hours":
            return {"hours": _lines(fields.get("hours"), language), "closed": fields.get("closed", "")}
        case "areas":
            return {name: "\n".join(fields.get(name, ())) for name in ("allow", "deny")}
        case "lists":
            return {name: listed(fields.get(name, {})) for name in ("blacklist", "vip")}
        case "forwards":
            typed: dict[str, Any] = {"memory_days": f"{fields.get('memory_days', 0):g}"}
            for name in ("when_busy", "when_no_answer"):
                numbers = [each["number"] for each in fields.get(name, ())]
                typed |= {f"{name}_{n}": number for n, number in enumerate((*numbers, "", "")[:2], 1)}
            return typed
        case "pin":
            return {"pin": ""}
        case _:
            return {name: value if value is not None else "" for name, value in fields.items()}


def values_of(part: str, typed: Mapping[str, str], fields: Fields) -> Fields:
    """Return what was meant, as provisioning files write it; ``fields`` are those that are there."""
    match part:
        case "hours":
            return {"hours": _written(typed.get("hours", "")), "closed": typed.get("closed", "") or None}
        case "areas":
            return {name: words(typed.get(name, "")) for name in ("allow", "deny")}
        case "lists":
            return {name: noted(typed.get(name, "")) for name in ("blacklist", "vip")}
        case "forwards":
            values: Fields = {"memory_days": typed.get("memory_days", "").strip() or "0"}
            for name in ("when_busy", "when_no_answer"):
                known = {each["number"]: each for each in fields.get(name, ())}
                numbers = dict.fromkeys(typed_number(typed.get(f"{name}_{n}", "")) for n in (1, 2))
                values[name] = [known.get(each, {"number": each}) for each in numbers if each]
            return values
        case "pin":
            return {"pin": "" if typed.get("remove") else _plain(typed.get("pin", ""))}
        case "ways":
            return {name: typed.get(name, "") or None for name in ("entry", "otherwise")}
        case _:
            names = ("welcome", "ringback", "recording_notice")
            return {name: typed.get(name, "") or None for name in names}


def typed_of_rule(rule: Fields, language: str) -> dict[str, Any]:
    """Return what the form of a rule shows at first."""
    typed: dict[str, Any] = {
        "name": rule.get("name", ""),
        "callers": "\n".join(rule.get("callers", ())),
        "classes": list(rule.get("classes", ())),
        "when": _lines(rule.get("when"), language),
        "goal": "split" if rule.get("split") else "to",
        "to": rule.get("to", ""),
    }
    for n, share in enumerate(rule.get("split", ()), 1):
        typed |= {f"to_{n}": share["to"], f"percent_{n}": str(share["percent"])}
    return typed


def rule_of(typed: Mapping[str, Any]) -> Fields:
    """Return the rule that was meant."""
    rule: Fields = {
        "name": typed.get("name", "").strip(),
        "callers": words(typed.get("callers", "")),
        "classes": list(typed.get("classes", ())),
        "when": _written(typed.get("when", "")),
    }
    if typed.get("goal") == "split":
        shares = [
            (typed.get(f"to_{n}", ""), _plain(typed.get(f"percent_{n}", "")).removesuffix("%").strip())
            for n in range(1, SHARES + 1)
        ]
        rule["split"] = [{"to": to, "percent": percent} for to, percent in shares if to or percent]
    else:
        rule["to"] = typed.get("to", "")
    return {name: value for name, value in rule.items() if value not in (None, "", [])}


def _plain(text: str) -> str:
    """Return what was typed with full-width digits made plain."""
    return unicodedata.normalize("NFKC", text).strip()


def words(text: str) -> list[str]:
    """Return what somebody listed, by spaces, commas or lines; each once."""
    return list(dict.fromkeys(word for word in _BETWEEN.split(text.strip()) if word))


def noted(text: str) -> dict[str, str]:
    """Return lines of ``number note``."""
    return dict(noted_line(line) for line in text.splitlines() if line.strip())


def noted_line(line: str) -> tuple[str, str]:
    """Return a number, or what stands for callers, and the note after it; the space may be full-width."""
    name, _, note = _NOTED.sub(" ", line.strip(), count=1).partition(" ")
    return typed_number(name), note.strip()


def listed(entries: Mapping[str, str]) -> str:
    """Return lines of ``number note``."""
    return "\n".join(f"{name} {note}".rstrip() for name, note in entries.items())


def _lines(lines: list[str] | None, language: str) -> str:
    return "\n".join(told_in(line, language) for line in lines or ())


def _written(text: str) -> list[str] | None:
    return [line.strip() for line in text.splitlines() if line.strip()] or None
