"""Voice menus in provisioning files: written in place, or as the name of a JSON file (docs/flows.md)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.flow.problems import FlowError, FlowProblem
from domain.flow.reading import as_document, plain_document
from storage.provisioning.checks import INVALID, MASK, Reading, audio, scalar_text
from storage.provisioning.tree import Listing, Mapping, Node, Scalar

_LISTS: Final = ("prompts", "no_key_prompts", "wrong_key_prompts")
_SECRET = re.compile(r"[!-~]{12,128}", re.ASCII)
_FILE = re.compile(r".*(/|\.(wav|flac|ogg|mp3|aiff?|au|opus))", re.IGNORECASE)


def signing_secret(node: Node, path: str, reading: Reading) -> Any:
    """A secret that signs web requests; who leaves it out signs nothing."""
    value = scalar_text(node, path, reading)
    if value == MASK:
        return reading.wrong(node, path, "masked")
    if value is not INVALID and _SECRET.fullmatch(value) is None:
        return reading.wrong(node, path, "web-secret")
    return value


def nodes(node: Node, path: str, reading: Reading) -> Any:
    """The nodes of a flow, written in place."""
    if not isinstance(node, Mapping):
        return reading.wrong(node, path, "mapping")
    plain = _plain(node)
    if not _name_prompts(plain, node, path, reading):
        return INVALID
    try:
        document = as_document({"start": next(iter(plain), "start"), "nodes": plain}, strict=False)
    except FlowError as error:
        for problem in error.problems:
            _tell(reading, node.lines.get(problem.node, node.line), path, problem)
        return INVALID
    return msgspec.to_builtins(document)["nodes"]


def read_flow_file(name: Scalar, path: str, reading: Reading) -> dict[str, Any] | None:
    """Return the fields of a flow that stands in a JSON file of its own; None when that is wrong."""
    file: Path = reading.folder / name.text
    if "\0" in name.text or not file.is_file():
        reading.wrong(name, path, "file", value=name.text)
        return None
    inner = Reading(reading.file, file.parent, reading.prompts, reading.problems, reading.used_prompts)
    try:
        plain = plain_document(file.read_bytes())
        written = plain.get("nodes") if isinstance(plain, dict) else None
        if isinstance(written, dict) and not _name_prompts(written, name, f"{path}.nodes", inner):
            return None
        document = as_document(plain)
    except FlowError as error:
        for problem in error.problems:
            _tell(reading, name.line, path, problem, f"{name.text}: ")
        return None
    return {name: value for name, value in msgspec.to_builtins(document).items() if name != "title" or value}


def _tell(reading: Reading, line: int, path: str, problem: FlowProblem, where: str = "") -> None:
    reading.wrong(
        Scalar("", line), path, "flow", en=where + problem.line("en"), zh=where + problem.line("zh")
    )


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return None if node.is_null else node.text
        case Listing():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key: _plain(item) for key, item in node.items.items()}


def _name_prompts(plain: dict[str, Any], node: Node, path: str, reading: Reading) -> bool:
    """Make audio files content addresses, in place; False when one cannot be."""
    good = True
    for name, fields in plain.items():
        if not isinstance(fields, dict):
            continue
        line = node.lines[name] if isinstance(node, Mapping) else node.line
        for field in _LISTS:
            prompts = fields.get(field)
            if not isinstance(prompts, list):
                continue
            for index, prompt in enumerate(prompts):
                if not isinstance(prompt, str):
                    continue
                if prompt.startswith("shipped:"):
                    prompts[index] = prompt.removeprefix("shipped:")
                elif prompt.startswith("address:") or _FILE.fullmatch(prompt):
                    place = f"{path}.{name}.{field}[{index + 1}]"
                    address = audio(Scalar(prompt, line, True), place, reading)
                    good = good and address is not INVALID
                    prompts[index] = address
    return good
