"""Why a call goes where it goes: reasons as data, with their words in English and Chinese."""

# ruff: noqa: E501 - a table of messages is read and translated row by row
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from domain.calling.facts import CallerFacts
from domain.days.calendar import DayKind
from domain.places.place import Place

MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    # facts
    "caller": ("{caller}{place}", "{caller}{place}"),
    "moment": ("{weekday} {when}, {day}", "{when} {weekday}，{day}"),
    "vip": ("VIP{note}", "VIP 客户{note}"),
    # turned away
    "blacklisted": ("blacklisted by {pattern}{note}", "命中黑名单 {pattern}{note}"),
    "denied": ("area denied by {pattern}", "按 {pattern} 呼叫阻截"),
    "not-allowed": ("not among the areas allowed", "不在允许呼入的地区内"),
    # where to
    "closed": ("outside opening hours", "不在营业时间"),
    "pin": ("PIN is asked", "需输入专用密码"),
    "rule": ("rule {index}{name}", "规则 {index}{name}"),
    "default": ("no rule fits", "未命中规则"),
    "share": ("{percent} % share, call {turn} of 100", "按 {percent}% 分配，每百次的第 {turn} 次"),
    "to": ("{to}", "{to}"),
    "too-deep": ("its destinations lead in a circle", "去向循环"),
    # phones
    "strategy": ("{strategy}", "{strategy}"),
    "first": ("{target} comes first", "{target} 优先"),
    "remembered": ("{target} answered last time", "上次由 {target} 接听"),
    "skip-off": ("{target} is switched off", "{target} 已停用"),
    "skip-hours": ("{target} is off duty now", "{target} 不在接听时段"),
    "skip-busy": ("{target} is talking", "{target} 通话中"),
    "skip-channels": ("all {channels} channels of {target} are taken", "{target} 的 {channels} 条通道已占满"),
    "forward-busy": ("forwarded to {target} on busy ({count} of {most})", "遇忙前转至 {target}（第 {count} 次，最多 {most} 次）"),
    "forward-no-answer": ("forwarded to {target} on no answer ({count} of {most})", "无应答前转至 {target}（第 {count} 次，最多 {most} 次）"),
    "nobody": ("nobody can be rung", "没有可振铃的号码"),
}  # fmt: skip
"""Code -> (English, Chinese); the braces are its facts."""

_WEEKDAYS: Final = {
    "mon": ("Mon", "周一"), "tue": ("Tue", "周二"), "wed": ("Wed", "周三"), "thu": ("Thu", "周四"),
    "fri": ("Fri", "周五"), "sat": ("Sat", "周六"), "sun": ("Sun", "周日"),
}  # fmt: skip
_DAYS: Final = {
    DayKind.WORKDAY: ("working day", "工作日"),
    DayKind.MAKE_UP: ("working day by 调休", "调休上班日"),
    DayKind.WEEKEND: ("weekend", "周末"),
    DayKind.HOLIDAY: ("public holiday", "法定节假日"),
}
_KINDS: Final = {
    "bound": ("bound numbers", "绑定号码"), "group": ("group", "振铃组"), "flow": ("voice menu", "语音导航"),
    "queue": ("queue", "队列"), "voicemail": ("voicemail", "留言信箱"), "number": ("number", "号码"),
    "extension": ("extension", "分机"), "announcement": ("announcement", "播放提示音"), "hang-up": ("hang up", "挂机"),
}  # fmt: skip
_STRATEGIES: Final = {
    "sequential": ("in order", "顺序"), "simultaneous": ("all at once", "同振"), "rotating": ("in rotation", "轮循"),
    "least-recent": ("least recently used first", "最久未用优先"), "longest-idle": ("longest idle first", "最长空闲优先"),
    "weighted": ("by weight", "按权重"),
}  # fmt: skip
_ARROW: Final = " -> "


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """One step of a decision; ``facts`` fill the braces of its words."""

    code: str
    facts: dict[str, str] = {}

    def text(self, language: str = "en") -> str:
        """Return it in words. ``language``: ``en`` or ``zh``."""
        chinese = language == "zh"
        words = MESSAGES.get(self.code)
        if words is None:  # of a later edition
            return " ".join((self.code, *self.facts.values()))
        shown = {name: _shown(name, value, chinese) for name, value in self.facts.items()}
        try:
            return words[chinese].format(**shown)
        except KeyError:
            return " ".join((self.code, *self.facts.values()))


def caller_reason(facts: CallerFacts) -> Reason:
    """Say who calls, and from where."""
    number, place = facts.caller.canonical, facts.place
    return Reason("caller", {"caller": number, "place": _place(place)})


def moment_reason(facts: CallerFacts) -> Reason:
    """Say when, and what day that is."""
    when, day = facts.when, facts.when.today
    words = [str(day.kind), day.name] if day.known else [str(day.kind), day.name, "?"]
    return Reason(
        "moment",
        {
            "weekday": when.at.strftime("%a").lower(),
            "when": when.at.strftime("%Y-%m-%d %H:%M"),
            "day": "/".join(words).rstrip("/"),
        },
    )


def explain(reasons: Iterable[Reason], language: str = "en") -> str:
    """Return reasons in one line, the facts first."""
    facts: list[str] = []
    steps: list[str] = []
    for reason in reasons:
        (facts if reason.code in ("caller", "moment") else steps).append(reason.text(language))
    known = ("，" if language == "zh" else ", ").join(filter(None, facts))
    return _ARROW.join(filter(None, [known, *steps]))


def written(reasons: Iterable[Reason]) -> str:
    """Return reasons as they are kept in the journal."""
    return msgspec.json.encode(tuple(reasons)).decode()


def read_reasons(text: str) -> tuple[Reason, ...]:
    """Read what :func:`written` wrote; raises ValueError."""
    return msgspec.json.decode(text, type=tuple[Reason, ...])


def _place(place: Place) -> str:
    names = (place.province, place.city if place.city != place.province else "")
    return " ".join(name for name in (*names, place.area_code, place.carrier) if name)


def _shown(name: str, value: str, chinese: bool) -> str:
    match name:
        case "caller":
            return value or ("未显示主叫" if chinese else "number withheld")
        case "place" | "note" | "name":
            return (f"（{value}）" if chinese else f" ({value})") if value else ""
        case "weekday":
            return _WEEKDAYS.get(value, (value, value))[chinese]
        case "day":
            return _day(value, chinese)
        case "to":
            kind, _, rest = value.partition(":")
            shown = rest[:12] if kind == "announcement" else rest
            return f"{_KINDS.get(kind, (kind, kind))[chinese]} {shown}".rstrip()
        case "strategy":
            return _STRATEGIES.get(value, (value, value))[chinese]
    return value


def _day(value: str, chinese: bool) -> str:
    kind, _, name = value.partition("/")
    unknown = name.endswith("?")
    name = name.removesuffix("?").removesuffix("/")
    words = _DAYS[DayKind(kind)][chinese] if kind in _DAYS else kind
    if name:
        words += f"（{name}）" if chinese else f" ({name})"
    if unknown:
        words += "（节假日安排未知）" if chinese else " (holidays of the year not known)"
    return words
