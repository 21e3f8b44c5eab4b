"""The sheet 绑定号码: who answers the tenant's 400 numbers, by the rules of ``box400 apply``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from domain.refusal import BadField
from domain.routing.target import TargetKind
from storage.customers.sheets import Difference, Imported, Line, filled
from storage.export.workbook_read import SheetRead, SheetRow
from storage.go_live.workbook import (
    BOUND,
    BOUND_TITLES,
    JOB_NUMBER,
    LABEL,
    NUMBER_400,
    PHONE,
    PHONE_KIND,
    RINGS,
    WEIGHT,
)
from storage.models import Root
from storage.provisioning.checks import Prompts
from storage.provisioning.export import as_written
from storage.provisioning.planning import Plan, make_plan
from storage.provisioning.problems import Problem
from storage.provisioning.reading import read_wishes
from storage.provisioning.schema import NUMBER
from storage.provisioning.state import Configuration, read_configuration, write_configuration

KIND_WORDS: Final = {
    TargetKind.LANDLINE: "固话",
    TargetKind.MOBILE: "手机",
    TargetKind.PHS: "小灵通",
    TargetKind.EXTENSION: "分机",
    TargetKind.PBX: "中继",
}
_KINDS: Final = {word: kind for kind, word in KIND_WORDS.items()}
_TEXTS: Final = (("label", LABEL), ("job_number", JOB_NUMBER), ("weight", WEIGHT))
_RINGS: Final = {"是": True, "否": False}

Lists = dict[str, list[dict[str, Any]]]
"""400 number -> its bound numbers as a file writes them."""


class _Wanted(NamedTuple):
    """What a row wishes."""

    row: int
    number: str
    phone: str
    values: dict[str, Any]


def take_bound(root: Root, tenant: str, sheet: SheetRead, prompts: Prompts, *, kept: bool) -> Imported:
    """Take the rows that the rules allow, together; the others are refused, each with the rule's words.

    ``kept``: whether the configuration is written; without it this is a preview.
    """
    before = read_configuration(root)
    lists = _lists(before, tenant)
    wanted, lines = [], []
    for row in sheet.rows:
        try:
            wanted.append(_read(row, lists))
        except BadField as why:
            lines.append(Line(row.line, row.cells.get(PHONE, ""), "refused", (), why))
    taking = _Taking(tenant, before, prompts, lists)
    taking.take(wanted)
    if kept and taking.plan is not None:
        write_configuration(root, taking.plan.after)
    return Imported(tuple(sorted((*lines, *taking.lines))))


class _Taking:
    def __init__(self, tenant: str, before: Configuration, prompts: Prompts, lists: Lists) -> None:
        self.lines: list[Line] = []
        self.plan: Plan | None = None
        """With the rows so far; None: nothing changes."""
        self._tenant = tenant
        self._before = before
        self._prompts = prompts
        self._lists = lists

    def take(self, wanted: Sequence[_Wanted]) -> None:
        """Take rows; halves of them where the rules refuse something, until it is known which row it was."""
        if not wanted:
            return
        lists = {number: list(rows) for number, rows in self._lists.items()}
        lines = [_put(lists, each) for each in wanted]
        if all(line.what == "same" for line in lines):
            self.lines += lines
            return
        plan = self._planned(lists)
        if not plan.problems:
            self.lines += lines
            self._lists, self.plan = lists, plan
        elif len(wanted) == 1:
            why = _why(plan.problems)
            self.lines.append(Line(wanted[0].row, wanted[0].phone, "refused", (), why))
        else:
            middle = len(wanted) // 2
            self.take(wanted[:middle])
            self.take(wanted[middle:])

    def _planned(self, lists: Lists) -> Plan:
        changed = {number: {"bound": rows} for number, rows in lists.items()}
        data = msgspec.json.encode({"tenants": {self._tenant: {"numbers": changed}}})
        wishes = read_wishes(data, BOUND, Path("/nonexistent"), self._prompts)
        return make_plan(wishes, self._before, prune=False, make_secret=str)


def _lists(configuration: Configuration, tenant: str) -> Lists:
    return {
        number: as_written(NUMBER, plan).get("bound", [])
        for number, (owner, plan) in configuration.numbers.items()
        if owner == tenant
    }


def _read(row: SheetRow, lists: Lists) -> _Wanted:
    """Return what a row wishes; raises BadField."""
    cells = filled(row)
    number = _digits(cells.get(NUMBER_400, ""))
    if not number and len(lists) == 1:
        number = next(iter(lists))
    if number not in lists:
        some = "、".join(lists)
        raise BadField(
            NUMBER_400, f"{NUMBER_400} is one of {some}", f"“{NUMBER_400}”应为本企业的号码：{some}"
        )
    phone = _digits(cells.get(PHONE, ""))
    if not phone:
        raise BadField(PHONE, f"{PHONE} is empty", f"请填写“{PHONE}”")
    values: dict[str, Any] = {field: cells[title] for field, title in _TEXTS if title in cells}
    if PHONE_KIND in cells:
        values["kind"] = _one_of(_KINDS, PHONE_KIND, cells[PHONE_KIND])
    if RINGS in cells:
        values["enabled"] = _one_of(_RINGS, RINGS, cells[RINGS])
    return _Wanted(row.line, number, phone, values)


def _one_of(words: dict[str, Any], title: str, word: str) -> Any:
    if word not in words:
        some = "、".join(words)
        raise BadField(title, f"{title} is one of {some}", f"“{title}”应为：{some}")
    return words[word]


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _put(lists: Lists, wanted: _Wanted) -> Line:
    """Put what a row wishes into the lists; return what it comes to."""
    rows = lists[wanted.number]
    place = next((index for index, row in enumerate(rows) if row["number"] == wanted.phone), None)
    before: dict[str, Any] = {} if place is None else rows[place]
    after = {**before, "number": wanted.phone, **wanted.values}
    was = _told(before)
    differences = tuple(
        Difference(title, was[title], text) for title, text in _told(after).items() if was[title] != text
    )
    if place is None:
        rows.append(after)
        differences = (Difference(NUMBER_400, "", wanted.number), *differences)
        return Line(wanted.row, wanted.phone, "added", differences)
    rows[place] = after
    return Line(wanted.row, wanted.phone, "changed" if differences else "same", differences)


def _told(row: dict[str, Any]) -> dict[str, str]:
    """Return title of a column -> what stands there of a bound number."""
    if not row:
        return dict.fromkeys(BOUND_TITLES, "")
    kind = row.get("kind", "")
    return {
        PHONE: row["number"],
        PHONE_KIND: KIND_WORDS[TargetKind(kind)] if kind else "",
        LABEL: row.get("label", ""),
        JOB_NUMBER: row.get("job_number", ""),
        WEIGHT: str(row.get("weight", "")),
        RINGS: "是" if row.get("enabled", True) else "否",
    }


def _why(problems: Sequence[Problem]) -> BadField:
    """Return what is wrong in the sheet's words."""
    if any(each.code == "kind-needed" for each in problems):
        some = "、".join(KIND_WORDS.values())
        return BadField(
            PHONE_KIND,
            f"what {PHONE} is cannot be told from its digits; put it right, or fill in {PHONE_KIND}: {some}",
            f"“{PHONE}”无法识别：请核对号码（固话须带区号），或填写“{PHONE_KIND}”：{some}",
        )
    en, zh = ("; ".join(each.words(language) for each in problems) for language in ("en", "zh"))
    return BadField(PHONE, en, zh.replace("; ", "；"))
