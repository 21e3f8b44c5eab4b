"""Read a flow document, with all that is wrong in its form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from domain.days.schedule import Schedule
from domain.days.schedule_text import ScheduleError, parse_schedule, schedule_lines
from domain.flow.document import FlowDocument, Node, NodeId, WorkingHours
from domain.flow.problems import FlowError, FlowProblem

MOST_BYTES: Final = 512 * 1024
_KEY = re.compile("[0-9*#]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Doubled(dict[str, Any]):
    """An object of JSON in which keys stand twice."""

    twice: tuple[str, ...] = ()


def read_document(data: bytes) -> FlowDocument:
    """Return what a JSON document says; raises :class:`FlowError` with everything wrong in its form."""
    return as_document(plain_document(data))


def plain_document(data: bytes) -> Any:
    """Return plain data of JSON; raises :class:`FlowError`.

    A key that stands twice in one object is remembered, for ``as_document`` to refuse: JSON would silently
    keep the last.
    """
    if len(data) > MOST_BYTES:
        raise _wrong("too-large", bytes=len(data), most=MOST_BYTES)
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise _wrong("not-json", why="nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError
        raise _wrong("not-json", why=str(error)) from error


def as_document(plain: Any, *, strict: bool = True) -> FlowDocument:
    """Return what plain data (of JSON or YAML) says; raises :class:`FlowError`.

    Lines of schedules become schedules. Without ``strict``, numbers and truth values may be texts.
    """
    if not isinstance(plain, dict):
        raise _wrong("shape", why="a flow is an object with `start` and `nodes`")
    nodes = plain.get("nodes")
    written = nodes if isinstance(nodes, dict) else {}
    problems: list[FlowProblem] = []
    kept: dict[str, Node] = {}
    for name, node in written.items():
        problems += _slips(str(name), node)
        wrong_keys = [FlowProblem(str(name), "no-key", {"key": key}) for key in _wrong_keys(node)]
        if wrong_keys:
            problems += wrong_keys
            continue
        try:
            kept[name] = msgspec.convert(_prepared(node), Node, strict=strict)
        except ScheduleError as error:
            problems.append(FlowProblem(str(name), "schedule", {"en": error.en, "zh": error.zh}))
        except msgspec.ValidationError as error:
            problems.append(FlowProblem(str(name), "shape", {"why": str(error)}))
    bare = {**plain, "nodes": {}} if written else plain
    problems += _slips("", bare)
    problems += [FlowProblem("", "twice", {"key": key}) for key in getattr(plain, "twice", ())]
    problems += [FlowProblem("", "twice", {"key": key}) for key in getattr(nodes, "twice", ())]
    try:
        document = msgspec.convert(bare, FlowDocument, strict=strict)
        msgspec.convert(dict.fromkeys(written, 0), dict[NodeId, int])
    except msgspec.ValidationError as error:
        problems.append(FlowProblem("", "shape", {"why": str(error)}))
    if problems:
        raise FlowError(tuple(problems))
    return msgspec.structs.replace(document, nodes=kept)


def as_written(document: FlowDocument) -> dict[str, Any]:
    """Return plain data as people write it, schedules as lines; ``as_document`` reads it back."""
    plain: dict[str, Any] = msgspec.to_builtins(document)
    for name, node in document.nodes.items():
        if isinstance(node, WorkingHours) and isinstance(node.schedule, Schedule):
            plain["nodes"][name]["schedule"] = schedule_lines(node.schedule)
    return plain


def _prepared(node: Any) -> Any:
    """Return a node with the lines of its schedule parsed; raises :class:`ScheduleError`."""
    if not isinstance(node, dict) or node.get("kind") != "hours":
        return node
    schedule = node.get("schedule")
    lines = [schedule] if isinstance(schedule, str) else schedule
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        return {**node, "schedule": msgspec.to_builtins(parse_schedule(lines))}
    return node


def _wrong_keys(node: Any) -> list[str]:
    """Find what stands as a key of the telephone and is none."""
    keys = node.get("keys") if isinstance(node, dict) else None
    return [str(key) for key in keys if not _KEY.fullmatch(str(key))] if isinstance(keys, dict) else []


def _slips(node: str, plain: Any) -> Iterator[FlowProblem]:
    """Find what JSON allows and we do not: keys that stand twice, texts with control characters."""
    if isinstance(plain, str):
        if _CONTROLS.search(plain):
            yield FlowProblem(node, "control", {"value": plain})
    elif isinstance(plain, dict):
        if isinstance(plain, _Doubled):
            for key in plain.twice:
                yield FlowProblem(node, "twice", {"key": key})
        for key, value in plain.items():
            yield from _slips(node, key)
            yield from _slips(node, value)
    elif isinstance(plain, list):
        for value in plain:
            yield from _slips(node, value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled = _Doubled(made)
    keys = [key for key, _ in pairs]
    doubled.twice = tuple(key for key in made if keys.count(key) > 1)
    return doubled


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _wrong(code: str, **facts: str | int) -> FlowError:
    return FlowError((FlowProblem("", code, facts),))
