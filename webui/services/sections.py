"""Fields of a provisioning section as a form: what stands in each input, what was typed as a file writes it.

Labels, hints and checks are those of ``box400 apply`` (``storage.provisioning.schema``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from domain.calling.masking import veiled
from domain.money.amounts import parse_yuan, yuan
from storage.provisioning.export import as_written
from storage.provisioning.fields import Field
from storage.provisioning.schema import Section

_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_HEAD: Final = re.compile(r"[：；]|(?<!tel)[:;] ")
MOST_TYPED: Final = 20_000


class Shape(StrEnum):
    """How a field is typed."""

    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    """Yuan; stored as 厘."""
    LINES = "lines"
    """One value a line."""
    PAIRS = "pairs"
    """``key = value`` a line."""
    SWITCHES = "switches"
    """Each of several things on, off, or as it would be by itself."""
    CHECKS = "checks"
    """Any of several things, each ticked or not."""
    RULES = "rules"
    """``match > replace`` a line."""
    WORDS = "words"
    """A text of several lines."""
    SECRET = "secret"  # noqa: S105 - how it is typed


class Input(NamedTuple):
    """One field of a form."""

    name: str
    label: str
    hint: str
    shape: Shape
    typed: str
    """``on`` or empty for a flag."""
    choices: tuple[str, ...] = ()
    default: str = ""
    """Shown in place of what nobody typed."""
    chosen: Mapping[str, str] = {}
    """Of switches and checks: which are ``on`` or ``off``."""


def inputs(
    section: Section,
    names: Iterable[str],
    value: msgspec.Struct | None,
    language: str,
    typed: Mapping[str, str],
    long: Iterable[str] = (),
) -> list[Input]:
    """Return the inputs of some fields; what was typed wins over what is stored.

    ``long``: fields whose texts have several lines.
    """
    written = {} if value is None else as_written(section, value)
    found = []
    for name in names:
        field = section.field(name)
        assert field is not None
        label, hint = _label(field.zh if language == "zh" else field.en)
        shape, choices = shape_of(section, field)
        if shape is Shape.MONEY:
            label = label.replace("（厘）", "（元）") if language == "zh" else f"{label} (yuan)"
        default = section.default(name)
        if name in long:
            shape = Shape.WORDS
        stored = "" if shape is Shape.SECRET else _as_text(written.get(name), shape)
        if field.has_keys:
            stored = veiled(stored)
        if shape in (Shape.FLAG, Shape.CHOICE) and name not in written:
            stored = _as_text(None if default is msgspec.NODEFAULT else default, shape)
        fallback = "" if default is msgspec.NODEFAULT else _as_text(default, shape)
        chosen: dict[str, str] = {}
        if shape is Shape.CHECKS:
            ticked = typed if typed else {f"{name}.{each}": "on" for each in written.get(name) or ()}
            chosen = {each: ticked.get(f"{name}.{each}", "") for each in choices}
        if shape is Shape.SWITCHES:
            held = {each: "on" if on else "off" for each, on in written.get(name, {}).items()}
            chosen = {each: typed.get(f"{name}.{each}", held.get(each, "")) for each in choices}
        found.append(Input(name, label, hint, shape, typed.get(name, stored), choices, fallback, chosen))
    return found


def read_typed(
    section: Section, names: Iterable[str], form: Mapping[str, str], held: msgspec.Struct | None = None
) -> dict[str, Any]:
    """Return what a file would say; an empty input brings the default back, an empty secret stays.

    So does a text with keys that comes back as it was shown, veiled.
    """
    wanted: dict[str, Any] = {}
    for name in names:
        field = section.field(name)
        assert field is not None
        shape, choices = shape_of(section, field)
        text = str(form.get(name, ""))[:MOST_TYPED].strip()
        if shape is Shape.FLAG:
            wanted[name] = text == "on"
        elif shape is Shape.CHECKS:
            wanted[name] = [each for each in choices if form.get(f"{name}.{each}") == "on"] or None
        elif shape is Shape.SWITCHES:
            chosen = {each: form.get(f"{name}.{each}", "") for each in choices}
            wanted[name] = {each: on == "on" for each, on in chosen.items() if on in ("on", "off")} or None
        elif field.has_keys and held is not None and text and text == veiled(getattr(held, name)):
            continue
        elif text:
            wanted[name] = _READ[shape](text)
        elif shape is not Shape.SECRET:
            wanted[name] = None
    return wanted


def shape_of(section: Section, field: Field) -> tuple[Shape, tuple[str, ...]]:
    """Return how a field is typed, and between what one chooses."""
    if field.secret:
        return Shape.SECRET, ()
    types = {each.encode_name: each.type for each in _struct(section.type).fields}
    kind = types[field.name]
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    if isinstance(kind, inspect.BoolType):
        return Shape.FLAG, ()
    if isinstance(kind, inspect.EnumType):
        return Shape.CHOICE, tuple(str(each.value) for each in kind.cls)
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return Shape.MONEY if field.name.endswith("_li") else Shape.NUMBER, ()
    if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.EnumType):
        return Shape.CHECKS, tuple(str(each.value) for each in kind.item_type.cls)
    if isinstance(kind, inspect.VarTupleType):
        return (Shape.RULES if isinstance(kind.item_type, inspect.StructType) else Shape.LINES), ()
    if isinstance(kind, inspect.DictType) and isinstance(kind.key_type, inspect.EnumType):
        return Shape.SWITCHES, tuple(str(each.value) for each in kind.key_type.cls)
    if isinstance(kind, (inspect.DictType, inspect.StructType)):
        return Shape.PAIRS, ()
    return Shape.TEXT, ()


@cache
def _struct(kind: type[msgspec.Struct]) -> inspect.StructType:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return found


def _label(text: str) -> tuple[str, str]:
    """Divide ``Concurrent calls; null: no limit`` into a label and a hint."""
    found = _HEAD.search(text)
    if found is None:
        return text, ""
    hint = text[found.end() :].replace("null 表示", "空表示").replace("null:", "empty:")
    hint = hint.replace("false 表示", "关闭时")
    return text[: found.start()], hint


def _as_text(value: Any, shape: Shape) -> str:
    if value is None or value is False or shape in (Shape.SWITCHES, Shape.CHECKS):
        return ""
    if value is True:
        return "on"
    if shape is Shape.RULES:
        return "\n".join(f"{each['match']} > {each.get('replace', '')}".strip() for each in value)
    if shape is Shape.PAIRS:
        return "\n".join(f"{key} = {each}" for key, each in value.items())
    if shape is Shape.LINES:
        return "\n".join(str(each) for each in value)
    if shape is Shape.MONEY:
        return yuan(value)
    if shape is Shape.NUMBER:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return str(value)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> Any:
    if _NUMBER.fullmatch(text) is None:
        return text  # the check says what is wrong with it
    return float(text) if "." in text else int(text)


def _money(text: str) -> Any:
    try:
        return parse_yuan(text)
    except ValueError:
        return f"{text} yuan"  # the check refuses it, digits too: they would be 厘


def _pairs(text: str) -> dict[str, Any]:
    divided = [line.partition("=") for line in _lines(text)]
    return {key.strip(): _number(each.strip()) for key, _, each in divided}


def _rules(text: str) -> list[dict[str, str]]:
    divided = [line.partition(">") for line in _lines(text)]
    return [{"match": match.strip(), "replace": replace.strip()} for match, _, replace in divided]


_READ: Final[dict[Shape, Any]] = {
    Shape.CHOICE: str, Shape.TEXT: str, Shape.SECRET: str, Shape.NUMBER: _number, Shape.MONEY: _money,
    Shape.LINES: _lines, Shape.PAIRS: _pairs, Shape.RULES: _rules,
}  # fmt: skip
