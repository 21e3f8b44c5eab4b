"""Queues, agents, ring groups, voicemail boxes and limits as forms: fields, how typed, what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from domain.acd.configuration import Strategy
from domain.calling.caller import typed_number, typed_numbers
from domain.money.amounts import parse_yuan, yuan
from domain.notices.ways import Encryption, RobotKind
from domain.routing.target import RingStrategy
from webui.presenters.route_forms import listed, noted, noted_line
from webui.presenters.schedule import told_in
from webui.presenters.texts import N_, Texts

Fields = dict[str, Any]
KEY_ROWS: Final = 3


class Form(NamedTuple):
    """The form of one kind."""

    title: str
    one: str
    symbol: str
    hint: str
    fields: tuple[tuple[str, str], ...]
    """Field and how it is typed."""
    name: str
    """What its name is called."""

    def told(self, texts: Texts) -> Form:
        """Return it in the reader's language."""
        return self._replace(
            title=texts(self.title), one=texts(self.one), hint=texts(self.hint), name=texts(self.name)
        )


FORMS: Final = {
    "queues": Form(
        N_("Queues"), N_("Queue"), "users", N_("Callers wait in it until an agent is free."),
        (
            ("label", "text"), ("strategy", "strategy"), ("ring_seconds", "number"),
            ("wrap_up_seconds", "number"), ("missed_limit", "number"), ("max_waiting", "number"),
            ("max_wait_seconds", "number"), ("hours", "schedule"), ("closed", "destination"),
            ("overflow", "destination"), ("no_agents", "destination"), ("music", "prompt"),
            ("comfort", "prompt"), ("announce_seconds", "number"), ("announce_position", "flag"),
            ("announce_wait", "flag"), ("announce_agent", "flag"), ("rating", "flag"), ("keys", "keys"),
            ("call_back_key", "text"),
        ), N_("Name"),
    ),
    "agents": Form(
        N_("Agents"), N_("Agent"), "headset",
        N_("Who answers the calls of queues, on an extension or a phone."),
        (
            ("label", "text"), ("target", "phone"), ("queues", "memberships"), ("wrap_up_seconds", "maybe"),
            ("logged_in", "flag"),
        ), N_("Job number"),
    ),
    "groups": Form(
        N_("Ring groups"), N_("Ring group"), "users-group", N_("Phones that are rung together."),
        (
            ("targets", "targets"), ("strategy", "ringing"), ("no_answer_seconds", "number"),
            ("ringback", "prompt"), ("otherwise", "destination"),
        ), N_("Name"),
    ),
    "voicemails": Form(
        N_("Voicemail boxes"), N_("Voicemail box"), "message", N_("Where callers leave messages."),
        (
            ("greeting", "prompt"), ("max_seconds", "number"), ("silence_seconds", "number"),
            ("notify", "list"), ("otherwise", "destination"),
        ), N_("Name"),
    ),
    "extensions": Form(
        N_("Extensions"), N_("Extension"), "phone",
        N_("SIP phones that register with the box. Agents and bound numbers use them."),
        (("secret", "secret"), ("max_bindings", "number"), ("ringback", "prompt"), ("srtp", "flag")),
        N_("Extension number"),
    ),
    "mailboxes": Form(
        N_("Mailboxes"), N_("Mailbox"), "message",
        N_("E-mails to this address become conversations at the agents' desks."),
        (
            ("address", "text"), ("label", "text"), ("enabled", "flag"), ("queue", "queue"),
            ("imap_host", "text"), ("imap_port", "number"), ("imap_encryption", "encryption"),
            ("username", "text"), ("password", "secret"), ("folder", "text"), ("poll_seconds", "number"),
            ("smtp_host", "text"), ("smtp_port", "number"), ("smtp_encryption", "encryption"),
            ("signature", "area"), ("hours", "schedule"), ("closed_text", "area"), ("rating", "flag"),
        ), N_("Name"),
    ),
    "sms_lines": Form(
        N_("SMS lines"), N_("SMS line"), "message",
        N_("SMS to this number become conversations at the agents' desks."),
        (
            ("number", "text"), ("enabled", "flag"), ("queue", "queue"), ("hours", "schedule"),
            ("closed_text", "area"),
        ), N_("Name"),
    ),
    "robots": Form(
        N_("Group robots"), N_("Group robot"), "message",
        N_("They say notices in a group of WeCom or DingTalk, whose settings give their address."),
        (("kind", "robot"), ("url", "secret"), ("secret", "secret"), ("per_minute", "number")), N_("Name"),
    ),
}  # fmt: skip
LIMITS: Final = (
    ("blacklist", "noted"), ("vip", "noted"), ("monthly_cap_li", "yuan"), ("monthly_cap_calls", "maybe"),
)  # fmt: skip
OPTIONS: Final = {
    "strategy": tuple(str(each) for each in Strategy),
    "ringing": tuple(str(each) for each in RingStrategy),
    "encryption": tuple(str(each) for each in Encryption),
    "robot": tuple(str(each) for each in RobotKind),
}


def typed_of(fields: tuple[tuple[str, str], ...], held: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return what a form shows of what is there; ``held`` has every field, as provisioning writes it."""
    typed: dict[str, Any] = {}
    for name, widget in fields:
        typed |= _typed(name, widget, held.get(name), language)
    return typed


def values_of(
    fields: tuple[tuple[str, str], ...], typed: Mapping[str, str], held: Mapping[str, Any]
) -> Fields:
    """Return what was meant; an empty number is left as it is, unless it may be none."""
    values: Fields = {}
    for name, widget in fields:
        text = typed.get(name, "").strip()
        match widget:
            case "text" | "strategy" | "ringing" | "queue" | "encryption" | "robot" | "area":
                values[name] = text
            case "phone":
                values[name] = typed_number(text)
            case "number" | "secret":
                if text:
                    values[name] = text
            case "maybe":
                values[name] = text or None
            case "yuan":
                values[name] = _li(text)
            case "flag":
                values[name] = name in typed
            case "destination" | "prompt":
                values[name] = text or None
            case "schedule":
                values[name] = _lines(text) or None
            case "list":
                values[name] = typed_numbers(text)
            case "noted":
                values[name] = noted(typed.get(name, ""))
            case "targets":
                values[name] = _targets(text, held.get(name) or ())
            case "memberships":
                values[name] = _memberships(typed)
            case "keys":
                pairs = [(typed.get(f"key_{n}", "").strip(), typed.get(f"key_to_{n}", "")) for n in _rows()]
                values[name] = {key: to for key, to in pairs if key}
    return values


def _typed(name: str, widget: str, value: Any, language: str) -> dict[str, Any]:
    match widget:
        case "secret":
            return {name: ""}
        case "number" | "maybe":
            return {name: "" if value is None else f"{value:g}"}
        case "yuan":
            return {name: "" if value is None else yuan(value)}
        case "secret":
            return {name: ""}
        case "flag":
            return {name: "1" if value else ""}
        case "schedule":
            return {name: "\n".join(told_in(line, language) for line in value or ())}
        case "list":
            return {name: "\n".join(value or ())}
        case "noted":
            return {name: listed(value or {})}
        case "targets":
            return {
                name: "\n".join(f"{each['number']} {each.get('label', '')}".rstrip() for each in value or ())
            }
        case "memberships":
            return {
                key: text
                for each in value or ()
                for key, text in (
                    (f"queue_{each['queue']}", "1"),
                    (f"level_{each['queue']}", str(each.get("level", 1))),
                    (f"priority_{each['queue']}", str(each.get("priority", 0))),
                )
            }
        case "keys":
            found: dict[str, Any] = {}
            for n, (key, to) in zip(_rows(), (value or {}).items(), strict=False):
                found |= {f"key_{n}": key, f"key_to_{n}": to}
            return found
    return {name: value or ""}


def _targets(text: str, held: Any) -> list[Fields]:
    known = {each["number"]: each for each in held}
    found = []
    for line in _lines(text):
        number, label = noted_line(line)
        found.append({**known.get(number, {"number": number}), "label": label})
    return found


def _memberships(typed: Mapping[str, str]) -> list[Fields]:
    return [
        {
            "queue": name.removeprefix("queue_"),
            "level": typed.get(f"level_{name.removeprefix('queue_')}", "").strip() or "1",
            "priority": typed.get(f"priority_{name.removeprefix('queue_')}", "").strip() or "0",
        }
        for name in typed
        if name.startswith("queue_")
    ]


def _li(text: str) -> Any:
    """Return 厘; None for nothing; what is no amount stays a text, to be refused."""
    if not text:
        return None
    try:
        return parse_yuan(text)
    except ValueError:
        return f"{text} yuan"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _rows() -> range:
    return range(1, KEY_ROWS + 1)
