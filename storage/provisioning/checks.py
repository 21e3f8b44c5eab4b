"""What a field may hold: each check turns what was written into a plain value, or notes what is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from domain.names import IDENTIFIER, MOST_CHARACTERS, as_named, is_name
from domain.routing.destination import Destination
from domain.voice.prompts import own_name
from storage.models import PromptInfo
from storage.provisioning.problems import Problem
from storage.provisioning.tree import Listing, Mapping, Node, Scalar

INVALID: Final[Any] = object()
"""What a check returns when it has noted a problem."""

SECRET_LEAST: Final = 12
REPOSITORY: Final = re.compile(
    r"/[^\0\n]{1,400}|sftp:(//)?[A-Za-z0-9_][A-Za-z0-9._-]{0,63}@[A-Za-z0-9.-]{1,253}(:[0-9]{1,5}/|:/)?[^\s\0]{0,400}"
    r"|s3:https?://[A-Za-z0-9.:-]{1,253}/[A-Za-z0-9._/-]{1,400}",
    re.ASCII,
)
MASK: Final = "********"

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_NUMBER_400 = re.compile(r"400[0-9]{7}", re.ASCII)
PHONE = re.compile(r"[0-9]{3,20}", re.ASCII)
_DIALLED = re.compile(r"[0-9+*#]{0,24}", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
ADDRESS = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_TRUE: Final = frozenset(("true", "yes", "on"))
_FALSE: Final = frozenset(("false", "no", "off"))


class PromptRejected(Exception):
    """Audio that cannot become a prompt; says what is wrong and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class Prompts(Protocol):
    """How audio files become prompts; implemented on ``b2bua.recorder`` by who calls provisioning."""

    def ingest(self, path: Path) -> PromptInfo:
        """Prepare an audio file, once; raises :class:`PromptRejected`. Content-addressed, so never undone."""

    def known(self, address: str) -> PromptInfo | None:
        """Return a prompt that was prepared before, or None."""

    def shipped(self) -> dict[str, Path]:
        """Return the audio that comes with the product, by name."""


@dataclass
class Reading:
    """One file being read: where its relative names begin, and what was found wrong."""

    file: str
    folder: Path
    prompts: Prompts
    problems: list[Problem] = field(default_factory=list)
    used_prompts: dict[str, PromptInfo] = field(default_factory=dict)
    """Every prompt the file names, by address."""

    def wrong(self, node: Node, path: str, code: str, **facts: object) -> Any:
        """Note a problem at a node and return INVALID."""
        self.problems.append(Problem(self.file, node.line, path, code, facts))
        return INVALID


Check = Callable[[Node, str, Reading], Any]


def scalar_text(node: Node, path: str, reading: Reading) -> Any:
    """Return the text of a single value."""
    if not isinstance(node, Scalar):
        return reading.wrong(node, path, "scalar")
    return node.text


def text(most: int = 200) -> Check:
    """A text for people, in one line."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is INVALID:
            return value
        if len(value) > most or not value.isprintable():
            return reading.wrong(node, path, "text", most=most)
        return value

    return check


def matching(pattern: re.Pattern[str], code: str, **facts: object) -> Check:
    """A text of a certain form."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is not INVALID and pattern.fullmatch(value) is None:
            return reading.wrong(node, path, code, value=value, **facts)
        return value

    return check


identifier: Final = matching(IDENTIFIER, "identifier", most=MOST_CHARACTERS)


def name(node: Node, path: str, reading: Reading) -> Any:
    """A name that people gave, in any script (``domain.names``)."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    named = as_named(value)
    return named if is_name(named) else reading.wrong(node, path, "name", value=value, most=MOST_CHARACTERS)


number_400: Final = matching(_NUMBER_400, "number-400")
dialled: Final = matching(_DIALLED, "digits")
time_of_day: Final = matching(_TIME, "time-of-day")


def day(node: Node, path: str, reading: Reading) -> Any:
    """A day, YYYY-MM-DD."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return reading.wrong(node, path, "day", value=value)


def flag(node: Node, path: str, reading: Reading) -> Any:
    """A truth value."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    return reading.wrong(node, path, "flag", value=value)


def integer(low: int, high: int) -> Check:
    """A whole number between two, both included."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is INVALID:
            return value
        if _WHOLE.fullmatch(value) is None or not low <= int(value) <= high:
            return reading.wrong(node, path, "integer", value=value, low=low, high=high)
        return int(value)

    return check


def zero_or(low: int, high: int) -> Check:
    """0, or a whole number between two, both included."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is INVALID or value == "0":
            return 0 if value == "0" else value
        if _WHOLE.fullmatch(value) is None or not low <= int(value) <= high:
            return reading.wrong(node, path, "integer-or-0", value=value, low=low, high=high)
        return int(value)

    return check


def decimal(low: float, high: float) -> Check:
    """A number between two, both included."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is INVALID:
            return value
        if _DECIMAL.fullmatch(value) is None or not low <= float(value) <= high:
            return reading.wrong(node, path, "number", value=value, low=f"{low:g}", high=f"{high:g}")
        return float(value)

    return check


def choice(kinds: type[StrEnum] | tuple[str, ...]) -> Check:
    """One of a few words."""
    words = tuple(str(kind) for kind in kinds)

    def check(node: Node, path: str, reading: Reading) -> Any:
        value = scalar_text(node, path, reading)
        if value is not INVALID and value not in words:
            return reading.wrong(node, path, "choice", value=value, choices=", ".join(words))
        return value

    return check


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_host(value: str) -> bool:
    if _is_address(value.removeprefix("[").removesuffix("]") if value.startswith("[") else value):
        return True
    # What looks like an address and is none (300.1.1.1) is no name either.
    return _HOST.fullmatch(value) is not None and not value.replace(".", "").isdigit() and len(value) <= 253


def address(node: Node, path: str, reading: Reading) -> Any:
    """An IP address to bind or to write into SDP."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and not _is_address(value):
        return reading.wrong(node, path, "address", value=value)
    return value


def host(node: Node, path: str, reading: Reading) -> Any:
    """A host name or address."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and not _is_host(value):
        return reading.wrong(node, path, "host", value=value)
    return value


def host_port(node: Node, path: str, reading: Reading) -> Any:
    """A host with or without a port; IPv6 with a port in brackets."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    if _is_address(value):  # IPv6 without brackets has colons of its own
        return value
    place, colon, port = value.rpartition(":")
    if not colon or value.endswith("]"):
        place, port = value, "5060"
    if not _is_host(place) or _WHOLE.fullmatch(port) is None or not 1 <= int(port) <= 65535:
        return reading.wrong(node, path, "host-port", value=value)
    return value


def network(node: Node, path: str, reading: Reading) -> Any:
    """A network in CIDR notation, or one address."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        try:
            right = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return reading.wrong(node, path, "network", value=value)
        return reading.wrong(node, path, "network-bits", value=value, right=right)


def secret(node: Node, path: str, reading: Reading) -> Any:
    """A password that a machine keeps."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    if value == MASK:
        return reading.wrong(node, path, "masked")
    if len(value) < SECRET_LEAST or len(value) > 128 or not value.isprintable() or " " in value:
        return reading.wrong(node, path, "secret", least=SECRET_LEAST)
    return value


def given_secret(node: Node, path: str, reading: Reading) -> Any:
    """A password somebody else chose: carriers give short ones."""
    value = scalar_text(node, path, reading)
    if value == MASK:
        return reading.wrong(node, path, "masked")
    return text(128)(node, path, reading)


def file(node: Node, path: str, reading: Reading) -> Any:
    """A file that is there, relative to the file that names it; empty: none."""
    value = scalar_text(node, path, reading)
    if value is INVALID or value == "":
        return value
    place = (reading.folder / value).absolute()
    if "\0" in value or not place.is_file():
        return reading.wrong(node, path, "file", value=value)
    return str(place)


def directory(node: Node, path: str, reading: Reading) -> Any:
    """A directory that is there, by its whole path: a disk that is not mounted shall not be mistaken for
    it."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and ("\0" in value or not value.startswith("/") or not Path(value).is_dir()):
        return reading.wrong(node, path, "directory", value=value)
    return value


def repository(node: Node, path: str, reading: Reading) -> Any:
    """Where restic keeps encrypted backups: a directory, SFTP or S3; nothing else that restic knows."""
    value = scalar_text(node, path, reading)
    if value is INVALID or REPOSITORY.fullmatch(value) is not None:
        return value
    return reading.wrong(node, path, "repository", value=value)


def prompt(node: Node, path: str, reading: Reading) -> Any:
    """What a tenant's callers hear: as ``audio``, or ``prompt:NAME``, which stays as it is."""
    if isinstance(node, Scalar) and own_name(node.text) is not None:
        return node.text
    return audio(node, path, reading)


def audio(node: Node, path: str, reading: Reading) -> Any:
    """An audio file, ``shipped:NAME`` or ``address:HEX``; becomes a content address."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    kind, colon, rest = value.partition(":")
    if colon and kind == "address":
        known = reading.prompts.known(rest) if ADDRESS.fullmatch(rest) else None
        if known is None:
            return reading.wrong(node, path, "prompt-address", value=value)
        reading.used_prompts[known.address] = known
        return known.address
    if colon and kind == "shipped":
        shipped = reading.prompts.shipped()
        if rest not in shipped:
            return reading.wrong(node, path, "shipped", value=rest, known=", ".join(sorted(shipped)))
        place = shipped[rest]
    else:
        place = reading.folder / value
        if "\0" in value or not place.is_file():
            return reading.wrong(node, path, "file", value=value)
    try:
        info = reading.prompts.ingest(place)
    except PromptRejected as error:
        return reading.wrong(node, path, "prompt", en=error.en, zh=error.zh)
    reading.used_prompts[info.address] = info
    return info.address


def prompt_name(node: Node, path: str, reading: Reading) -> Any:
    """The name of a system prompt."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and value not in reading.prompts.shipped():
        known = sorted(reading.prompts.shipped())
        near = get_close_matches(value, known, n=1, cutoff=0.0)
        return reading.wrong(node, path, "prompt-name", value=value, near=", ".join(near))
    return value


def destination(node: Node, path: str, reading: Reading) -> Any:
    """Where a call goes, as ``kind:name``; an announcement names its audio."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    kind, _, rest = value.partition(":")
    if kind == "announcement":
        heard = (
            rest
            if rest in reading.prompts.shipped()
            else prompt(Scalar(rest, node.line, True), path, reading)
        )
        if heard is INVALID:
            return INVALID
        return {"kind": kind, "name": heard}
    try:
        return msgspec.to_builtins(Destination.parse(value))
    except ValueError:
        return reading.wrong(node, path, "destination", value=value)


def optional(check: Check) -> Check:
    """A value or nothing (null)."""

    def optionally(node: Node, path: str, reading: Reading) -> Any:
        if isinstance(node, Scalar) and node.is_null:
            return None
        return check(node, path, reading)

    return optionally


def or_empty(check: Check) -> Check:
    """A value or an empty text."""

    def either(node: Node, path: str, reading: Reading) -> Any:
        if isinstance(node, Scalar) and node.text == "":
            return ""
        return check(node, path, reading)

    return either


def list_of(check: Check, *, unique: bool = True, most: int = 10_000) -> Check:
    """A list; a single value stands for a list of one."""

    def check_list(node: Node, path: str, reading: Reading) -> Any:
        if isinstance(node, Scalar) and not node.is_null:
            items: tuple[Node, ...] = (node,)
        elif isinstance(node, Listing):
            items = node.items
        else:
            return reading.wrong(node, path, "list")
        values: list[Any] = []
        for index, item in enumerate(items):
            value = check(item, f"{path}[{index + 1}]", reading)
            if unique and value is not INVALID and value in values:
                reading.wrong(item, f"{path}[{index + 1}]", "repeated", value=str(value))
                value = INVALID
            values.append(value)
        return INVALID if any(value is INVALID for value in values) else values

    return check_list


def table_of(key_check: Check, value_check: Check) -> Check:
    """A mapping whose keys are data."""

    def check_table(node: Node, path: str, reading: Reading) -> Any:
        if not isinstance(node, Mapping):
            return reading.wrong(node, path, "mapping")
        table: dict[str, Any] = {}
        for key, value in node.items.items():
            place = f"{path}.{key}"
            checked_key = key_check(Scalar(key, node.lines[key], True), place, reading)
            checked = value_check(value, place, reading)
            if checked_key is not INVALID and checked is not INVALID:
                table[checked_key] = checked
        return table if len(table) == len(node.items) else INVALID

    return check_table
