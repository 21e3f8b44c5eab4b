"""Read YAML into values that know the line they stand on.

Texts are kept as typed: ``010`` and ``4001003721`` are digits to dial, never numbers in octal or otherwise.
Nothing is constructed, tags other than YAML's own are refused, and what aliases would multiply is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_NODES: Final = 500_000
DEEPEST: Final = 20
_CORE_TAG: Final = "tag:yaml.org,2002:"
_CORE: Final = frozenset(
    _CORE_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)


class TreeError(Exception):
    """A file that is no YAML this product reads; ``code`` is of the message table."""

    def __init__(self, line: int, code: str, **facts: object) -> None:
        super().__init__(f"line {line}: {code} {facts}")
        self.line = line
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text. ``quoted`` texts are never null or a truth value."""

    text: str
    line: int
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing was written."""
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the file's order."""

    items: dict[str, Node]
    lines: dict[str, int]
    """Key -> line it stands on."""
    line: int


Node = Scalar | Listing | Mapping


def read_tree(data: bytes) -> Node:
    """Return a file's content; raises :class:`TreeError`. An empty file is a null."""
    if len(data) > MOST_BYTES:
        raise TreeError(1, "too-large", bytes=len(data), most=MOST_BYTES)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TreeError(data.count(b"\n", 0, error.start) + 1, "not-utf8") from error
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise TreeError(line, "not-yaml", why=error.problem or error.context or "") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise TreeError(1, "not-yaml", why=str(error).split("\n", 1)[0]) from error
    if root is None:
        return Scalar("", 1)
    return _Conversion().convert(root, 0)


class _Conversion:
    def __init__(self) -> None:
        self.count = 0

    def convert(self, node: Any, depth: int) -> Node:
        line = node.start_mark.line + 1
        self.count += 1
        if depth > DEEPEST or self.count > MOST_NODES:
            raise TreeError(line, "too-deep")
        if str(node.tag) not in _CORE:
            raise TreeError(line, "tag", tag=str(node.tag))
        if isinstance(node, ScalarNode):
            return Scalar(node.value, line, node.style is not None)
        if isinstance(node, SequenceNode):
            return Listing(tuple(self.convert(item, depth + 1) for item in node.value), line)
        assert isinstance(node, MappingNode)
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            key_line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                raise TreeError(key_line, "key")
            if key.value in items:
                raise TreeError(key_line, "twice", key=key.value, first=lines[key.value])
            items[key.value] = self.convert(value, depth + 1)
            lines[key.value] = key_line
        return Mapping(items, lines, line)
