"""What differs between two configurations, in words; passwords are never told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from domain.calling.masking import veiled
from domain.days.calendar import EnteredDay
from domain.days.schedule import Schedule
from domain.days.schedule_text import schedule_lines
from domain.routing.destination import Destination
from domain.snapshot import BoundNumber
from domain.structures import fields_of
from storage.models import PromptInfo
from storage.provisioning import schema
from storage.provisioning.checks import MASK
from storage.provisioning.problems import WORDS
from storage.provisioning.schema import Section
from storage.provisioning.state import Configuration

KINDS_ZH: Final = {
    "box": "系统",
    "listener": "监听器",
    "trunk": "中继",
    "tariff": "资费",
    "gateway": "网关",
    "template": "通知模板",
    "tenant": "租户",
    "number": "号码",
    "extension": "分机",
    "prompt": "提示音",
    "group": "振铃组",
    "queue": "队列",
    "agent": "坐席",
    "flow": "语音导航",
    "voicemail": "留言信箱",
    "recipients": "通知接收人",
    "robot": "群机器人",
    "webhook": "事件推送",
    "mailbox": "客服邮箱",
    "sms-line": "短信号码",
}
_SIGN: Final = {"added": "+", "changed": "~", "removed": "-"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; texts, None where there was or will be nothing."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is added, changed or removed."""

    what: str
    """``added``, ``changed`` or ``removed``."""
    kind: str
    key: str
    tenant: str
    """Whose it is; "" for objects of the box."""
    fields: tuple[FieldChange, ...]

    def text(self, language: str = "en") -> str:
        """Return it in a few lines: the object, then its fields, old -> new."""
        chinese = language == "zh"
        kind = KINDS_ZH[self.kind] if chinese else self.kind
        owner = (f"（租户 {self.tenant}）" if chinese else f" (tenant {self.tenant})") if self.tenant else ""
        head = f"{_SIGN[self.what]} {WORDS[self.what][chinese]} {kind} {self.key}".rstrip() + owner
        lines = [head]
        for each in self.fields:
            old = "-" if each.old is None else each.old
            new = "-" if each.new is None else each.new
            told = f"{old} -> {new}" if self.what == "changed" else (new if self.what == "added" else old)
            lines.append(f"    {each.field}: {told}")
        return "\n".join(lines)


def differences(before: Configuration, after: Configuration) -> tuple[Change, ...]:
    """Return what differs, objects that others need first."""
    prompts = {**before.prompts, **after.prompts}
    telling = _Telling(prompts)
    changes = []
    if before.box != after.box:
        changes.append(telling.change(schema.BOX, "", "", before.box, after.box))
    kinds: list[tuple[Section, dict[Any, Any], dict[Any, Any]]] = [
        (schema.LISTENER, before.listeners, after.listeners),
        (schema.TRUNK, before.trunks, after.trunks),
        (schema.TARIFF, before.tariffs, after.tariffs),
        (schema.GATEWAY, before.gateways, after.gateways),
        (schema.TEMPLATE, before.templates, after.templates),
        (schema.TENANT, before.tenants, after.tenants),
        (schema.EXTENSION, before.extensions, after.extensions),
        (schema.NUMBER, before.numbers, after.numbers),
        *((each, before.parts[each.plural], after.parts[each.plural]) for each in schema.PARTS),
    ]
    for section, old, new in kinds:
        keys = [*old, *(key for key in new if key not in old)]
        for key in keys:
            if section.plural or section is schema.EXTENSION:
                owner, name = key
                if old.get(key) != new.get(key):
                    changes.append(telling.change(section, name, owner, old.get(key), new.get(key)))
                continue
            held, will = _owned(section, old.get(key)), _owned(section, new.get(key))
            if held == will:
                continue
            if held[1] is not None and will[1] is not None and held[0] != will[0]:  # moved to another tenant
                changes.append(telling.change(section, key, held[0], held[1], None))
                held = ("", None)
            changes.append(telling.change(section, key, will[0] or held[0], held[1], will[1]))
    return tuple(changes)


def _owned(section: Section, value: Any) -> tuple[str, msgspec.Struct | None]:
    if value is None:
        return "", None
    if section is schema.NUMBER:
        return value[0], value[1]
    return "", value


class _Telling:
    def __init__(self, prompts: dict[str, PromptInfo]) -> None:
        self.prompts = prompts

    def change(
        self, section: Section, key: str, tenant: str, old: msgspec.Struct | None, new: msgspec.Struct | None
    ) -> Change:
        what = "added" if old is None else "removed" if new is None else "changed"
        fields = []
        for each in section.fields:
            default = section.default(each.name)
            was = default if old is None else getattr(old, each.name)
            will = default if new is None else getattr(new, each.name)
            if was == will and not (old is None and default is msgspec.NODEFAULT):
                continue
            if each.secret:
                fields.append(FieldChange(each.name, _masked(was), _masked(will)))
            elif each.has_keys:
                fields.append(FieldChange(each.name, _veiled(was), _veiled(will)))
            elif each.name == "nodes":
                fields += _node_changes(was, will)
            elif each.name in ("bound", "targets") and what == "changed":
                fields += self._list_changes(each.name, was, will)
            else:
                fields.append(FieldChange(each.name, self._shown(was), self._shown(will)))
        return Change(what, section.kind, key, tenant, tuple(fields))

    def _list_changes(self, name: str, was: tuple[Any, ...], will: tuple[Any, ...]) -> list[FieldChange]:
        """Tell bound numbers one by one; an order that changed, as a whole."""
        old, new = ({each.number: each for each in side} for side in (was, will))
        changes = [
            FieldChange(
                f"{name}[{key}]",
                self._shown(old[key]) if key in old else None,
                self._shown(new[key]) if key in new else None,
            )
            for key in {**old, **new}
            if old.get(key) != new.get(key)
        ]
        if [key for key in old if key in new] != [key for key in new if key in old]:
            changes.append(FieldChange(name, ", ".join(old), ", ".join(new)))
        return changes

    def _bound(self, value: BoundNumber) -> str:
        rest = [
            f"{each.name}={self._shown(getattr(value, each.name))}"
            for each in fields_of(BoundNumber)
            if each.name not in ("number", "kind", "label", "job_number", "enabled")
            and getattr(value, each.name) != each.default
        ]
        words = (value.number, value.kind, value.label, value.job_number, "" if value.enabled else "off")
        return " ".join(filter(None, (*words, *rest)))

    def _shown(self, value: Any) -> str | None:
        if value is None or value is msgspec.NODEFAULT:
            return None
        if isinstance(value, BoundNumber):
            return self._bound(value)
        if isinstance(value, Destination):
            value = str(value)
        if isinstance(value, Schedule):
            return "; ".join(schedule_lines(value)) or "closed"
        if isinstance(value, EnteredDay):
            return f"{value.kind} {value.name}".rstrip()
        if isinstance(value, msgspec.Struct):
            told = ((each.name, getattr(value, each.name), each.default) for each in fields_of(type(value)))
            return (
                "{"
                + ", ".join(
                    f"{name}: {self._shown(content)}"
                    for name, content, default in told
                    if content not in ("", default) and content not in ((), {})
                )
                + "}"
            )
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {self._shown(each)}" for key, each in value.items()) + "}"
        if isinstance(value, (tuple, list)):
            return "[" + ", ".join(self._shown(each) or "-" for each in value) + "]"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return f"{value:g}"
        text = str(value)
        if text in self.prompts:
            return f"{self.prompts[text].name} ({text[:8]})"
        return text or '""'


def _node_changes(was: Any, will: Any) -> Iterator[FieldChange]:
    """Tell the nodes of a flow one by one."""
    old, new = (side if isinstance(side, dict) else {} for side in (was, will))
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield FieldChange(f"nodes[{name}]", _node(old.get(name)), _node(new.get(name)))


def _node(node: Any) -> str | None:
    if node is None:
        return None
    fields = msgspec.to_builtins(node)
    kind = fields.pop("kind")
    fields.pop("position", None)
    shown = msgspec.json.encode(fields).decode()
    return f"{kind} {shown if len(shown) <= 200 else shown[:200] + '...'}"


def _veiled(value: Any) -> str | None:
    return veiled(value) if value and value is not msgspec.NODEFAULT else None


def _masked(value: Any) -> str | None:
    return MASK if value and value is not msgspec.NODEFAULT else None
