"""Print the reference of provisioning files from the tables: ``python -m storage.provisioning.reference``."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from storage.provisioning import schema
from storage.provisioning.schema import Section

BEGIN: Final = (
    "<!-- The tables are printed by `python -m storage.provisioning.reference`; a test compares them. -->"
)
_TITLES: Final = {
    "prompt": "Prompts of a tenant",
    "box": "The box",
    "backup": "Backup each night",
    "listener": "Listeners",
    "trunk": "Trunks",
    "tariff": "Tariffs",
    "gateway": "Gateways of SMS and e-mail",
    "template": "Templates of notices",
    "recipients": "Recipients of notices",
    "robot": "Robots of groups",
    "webhook": "Webhooks",
    "mailbox": "Mailboxes (客服邮箱)",
    "sms-line": "SMS lines (短信号码)",
    "edition": "Editions of tariffs",
    "price": "Prices",
    "agreement": "Agreements about numbers",
    "spend step": "Steps of agreements",
    "tenant": "Tenants",
    "number": "Numbers",
    "bound number": "Bound numbers",
    "routing": "Route plans",
    "rule": "Rules of route plans",
    "share": "Shares of rules",
    "extension": "Extensions",
    "group": "Groups of targets",
    "queue": "Queues",
    "agent": "Agents",
    "voicemail": "Voicemail boxes",
    "flow": "Voice menus",
    "prefix rule": "Prefix rules",
}


def tables() -> str:
    """Return every field of every kind of object as Markdown."""
    return "\n".join([BEGIN, *(_table(section) for section in schema.SECTIONS)])


def _table(section: Section) -> str:
    lines = [
        "",
        f"### {_TITLES[section.kind]}: `{section.where}`",
        "",
        "| field | may be | default | meaning | 含义 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{each.name}` | {each.form} | {_default(section, each.name)} | {each.en} | {each.zh} |"
        for each in section.fields
    ]
    return "\n".join(lines)


def _default(section: Section, name: str) -> str:
    if (section.kind, name) in (("tenant", "name"), ("extension", "secret"), ("bound number", "kind")):
        return ""  # told from something else, as its meaning says
    value: Any = section.default(name)
    if value is msgspec.NODEFAULT:
        return "must be written"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(str(each) for each in value) or "[]"
    return str(value) if value != {} and value != "" else ("{}" if value == {} else "")


if __name__ == "__main__":
    print(tables())
