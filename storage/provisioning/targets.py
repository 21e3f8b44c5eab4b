"""The fields of bound numbers, wherever they stand."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

from typing import Any, Final

from domain.names import IDENTIFIER
from domain.routing.target import MOST_WEIGHT, TargetKind
from storage.provisioning import checks as c
from storage.provisioning import days
from storage.provisioning.fields import Field, object_of
from storage.provisioning.tree import Node, Scalar

_target: Final = c.matching(IDENTIFIER, "phone")

STRATEGIES: Final = "sequential, simultaneous, rotating, least-recent, longest-idle, weighted"
STRATEGIES_ZH: Final = "顺序、同振、轮循、最久未用、最长空闲、按权重"

BOUND_FIELDS: Final = (
    Field("number", _target, "digits or extension", "Phone as dialled nationally, or an extension's name", "按国内拨法的电话号码，或分机名"),
    Field("kind", c.choice(TargetKind), "landline, mobile, phs, extension, pbx", "What it is; told from the number when left out; pbx: the tenant's exchange or call centre", "类型；省略时按号码判断；pbx 为企业中继线或呼叫中心"),
    Field("label", c.text(), "text", "Whose it is", "备注"),
    Field("job_number", c.or_empty(c.identifier), "text", "Job number of the agent", "工号"),
    Field("enabled", c.flag, "true, false", "Whether it is rung", "是否振铃"),
    Field("schedule", c.optional(days.schedule), "lines of a schedule", "When it is rung; null: always", "接听时段；null 表示全天"),
    Field("weight", c.integer(0, MOST_WEIGHT), "0 to 100", "Its share where targets are weighted; 0: last", "按权重分配时的权重；0 表示最后"),
    Field("confirm_seconds", c.zero_or(3, 60), "0, or 3 to 60 s", "Who picks up must press 1 within this time; 0: nobody is asked", "接听后须在此时间内按 1 确认（秒）；0 表示不需要"),
    Field("skip_busy", c.flag, "true, false", "Not rung while it talks in another call through the box", "已在本机通话中时不再振铃"),
    Field("trunk", c.or_empty(c.identifier), "name of a trunk", "The trunk a pbx is reached by; it must belong to the tenant", "pbx 所用的中继；须归属该租户"),
    Field("ringback", c.optional(c.prompt), "audio", "Company audio while it is rung alone; null: as its group or number says", "单独振铃时的企业彩铃；null 表示同所属组或号码"),
    Field("channels", c.integer(1, 1000), "1 to 1000", "Calls that a pbx takes at a time; busy only when all are taken", "pbx 的通道数；全部占用才算忙"),
)  # fmt: skip


def bound_number(node: Node, path: str, reading: c.Reading) -> Any:
    """A bound number: its digits alone, or a mapping. Without ``kind`` it is told from the digits later."""
    if isinstance(node, Scalar):
        number = _target(node, path, reading)
        return c.INVALID if number is c.INVALID else {"number": number}
    found = object_of(BOUND_FIELDS)(node, path, reading)
    if found is not c.INVALID and "number" not in found:
        return reading.wrong(node, f"{path}.number", "empty")
    return found
