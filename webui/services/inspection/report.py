"""A round as rows of text in one language: what every form of the report shows."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from domain.inspection.catalogue import LAYER_NAMES, Layer, Point, catalogue
from domain.inspection.round import AUTOMATIC, Item, Photo, Round, State
from domain.inspection.verdict import Result, Verdict
from storage.records.call_id import BEIJING

STATES: Final[dict[State, tuple[str, str]]] = {
    State.OPEN: ("未检查", "open"),
    State.GOOD: ("正常", "in order"),
    State.FINDING: ("发现问题", "finding"),
    State.CLOSED: ("已整改", "remedied"),
    State.NOT_HERE: ("不适用", "not here"),
}
VERDICTS: Final[dict[Verdict, tuple[str, str]]] = {
    Verdict.GOOD: ("正常", "good"),
    Verdict.WARN: ("注意", "attention"),
    Verdict.BAD: ("异常", "bad"),
    Verdict.UNKNOWN: ("未知", "unknown"),
}
HEADINGS: Final = (
    ("层面", "Layer"), ("控制点", "Control point"), ("结果", "Result"), ("检查依据", "Evidence"),
    ("说明", "Note"), ("技术人员", "Technician"), ("期限", "Due"), ("完成", "Done"),
    ("发现的问题", "Finding"), ("处理情况", "Remedy"), ("附件", "Files"),
)  # fmt: skip


class Row(NamedTuple):
    """A control point as the report shows it."""

    point: str
    layer: str
    name: str
    look: str
    state: State
    result: str
    evidence: tuple[str, ...]
    note: str
    technician: str
    due: str
    done: str
    finding: str
    remedy: str
    photos: tuple[Photo, ...]

    def cells(self) -> list[str]:
        """Return the texts in the order of :data:`HEADINGS`."""
        return [
            self.layer, self.name, self.result, "\n".join(self.evidence), self.note, self.technician,
            self.due, self.done, self.finding, self.remedy, str(len(self.photos) or ""),
        ]  # fmt: skip


class Report(NamedTuple):
    """A round in one language."""

    title: str
    facts: tuple[tuple[str, str], ...]
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    counts: tuple[tuple[str, int], ...]
    language: str

    def layers(self) -> list[tuple[str, list[Row]]]:
        """Return the rows of each layer."""
        names = dict.fromkeys(row.layer for row in self.rows)
        return [(name, [row for row in self.rows if row.layer == name]) for name in names]


def report_of(round: Round, language: str, box: str) -> Report:
    """Return a round as text; ``box`` names the machine."""
    zh = language == "zh"
    points = catalogue()
    counts = round.counts()
    ended = (
        f"{moment(round.ended)} {person(round.ended_by, zh)}" if round.ended
        else ("进行中" if zh else "under way")
    )  # fmt: skip
    facts = (
        ("系统" if zh else "Box", box),
        ("编号" if zh else "Round", round.id),
        ("开始" if zh else "Begun", f"{moment(round.began)} {person(round.by, zh)}"),
        ("自动检查" if zh else "Checked", moment(round.checked_at)),
        ("结束" if zh else "Ended", ended),
    )
    return Report(
        "巡检报告" if zh else "Report of inspection", facts, tuple(_pick(each, zh) for each in HEADINGS),
        tuple(_row(item, points[item.point], zh) for item in round.items if item.point in points),
        tuple((_pick(STATES[state], zh), counts[state]) for state in State), language,
    )  # fmt: skip


def moment(at: float) -> str:
    """Return a time in Beijing, "" for 0."""
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M") if at else ""


def person(who: str, zh: bool) -> str:
    """Return who it was, as people say it."""
    if who == AUTOMATIC:
        return "自动" if zh else "automatic"
    return who.partition(":")[2] or who


def layer_name(layer: Layer, zh: bool) -> str:
    """Return what a layer is called."""
    return _pick(LAYER_NAMES[layer], zh)


def told(result: Result, zh: bool) -> str:
    """Return the line of one check."""
    return f"[{_pick(VERDICTS[result.verdict], zh)}] {result.zh if zh else result.en}"


def _row(item: Item, point: Point, zh: bool) -> Row:
    finding = item.finding
    said = "" if finding is None else finding.zh if zh else finding.en
    remedy = ""
    if finding is not None and finding.closed_at:
        text = finding.remedy or ("复查正常" if zh else "good at a later check")
        remedy = f"{text}（{moment(finding.closed_at)} {person(finding.closed_by, zh)}）"
    done = f"{moment(item.done_at)} {person(item.done_by, zh)}".strip() if item.done_at else ""
    return Row(
        point.id, layer_name(point.layer, zh), point.zh if zh else point.en,
        point.look_zh if zh else point.look_en, item.state, _pick(STATES[item.state], zh),
        tuple(told(result, zh) for result in item.results), item.note, item.technician, item.due, done,
        said, remedy, item.photos,
    )  # fmt: skip


def _pick(pair: tuple[str, str], zh: bool) -> str:
    return pair[not zh]
