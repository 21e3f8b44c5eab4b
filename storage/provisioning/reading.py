"""Read a provisioning file into wishes: what should be there, what should go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from storage.models import PromptInfo
from storage.provisioning import schema
from storage.provisioning.checks import INVALID, Prompts, Reading, flag
from storage.provisioning.fields import read_fields
from storage.provisioning.flow_fields import read_flow_file
from storage.provisioning.problems import Problem
from storage.provisioning.schema import Section
from storage.provisioning.tree import Mapping, Node, Scalar, TreeError, read_tree


@dataclass
class Wish:
    """What a file says of one object."""

    section: Section
    key: str
    tenant: str
    """Whose it is; "" for objects of the box."""
    file: str
    path: str
    line: int
    given: dict[str, Any]
    """Field -> plain value, or RESET."""
    lines: dict[str, int]
    """Field -> line."""
    absent: bool = False

    def problem(self, code: str, field: str = "", **facts: object) -> Problem:
        """Return a problem at this object, or at one field of it."""
        path = f"{self.path}.{field}" if field else self.path
        return Problem(self.file, self.lines.get(field, self.line), path, code, facts)


@dataclass
class Wishes:
    """Everything one file says."""

    file: str
    box: Wish | None = None
    listeners: dict[str, Wish] = field(default_factory=dict)
    trunks: dict[str, Wish] = field(default_factory=dict)
    tariffs: dict[str, Wish] = field(default_factory=dict)
    gateways: dict[str, Wish] = field(default_factory=dict)
    templates: dict[str, Wish] = field(default_factory=dict)
    tenants: dict[str, Wish] = field(default_factory=dict)
    numbers: list[Wish] = field(default_factory=list)
    extensions: list[Wish] = field(default_factory=list)
    parts: dict[str, list[Wish]] = field(
        default_factory=lambda: {section.plural: [] for section in schema.PARTS}
    )
    """Key of ``storage.models.PARTS`` -> wishes."""
    prompts: dict[str, PromptInfo] = field(default_factory=dict)
    shipped: frozenset[str] = frozenset()
    """Names of the system prompts."""
    named: set[str] = field(default_factory=set)
    """Sections the file has: ``listeners``, ``trunks``, ``tenants``, ``numbers TENANT`` ..."""
    faults: list[Problem] = field(default_factory=list)
    """What could not be read; it is left out of what is wished for."""

    def without(self, unmade: list[Wish]) -> Wishes:
        """Return these wishes without some of the objects."""
        out = {id(wish) for wish in unmade}

        def named(wishes: dict[str, Wish]) -> dict[str, Wish]:
            return {key: wish for key, wish in wishes.items() if id(wish) not in out}

        def listed(wishes: list[Wish]) -> list[Wish]:
            return [wish for wish in wishes if id(wish) not in out]

        return replace(
            self,
            box=None if self.box is not None and id(self.box) in out else self.box,
            listeners=named(self.listeners),
            trunks=named(self.trunks),
            tariffs=named(self.tariffs),
            gateways=named(self.gateways),
            templates=named(self.templates),
            tenants=named(self.tenants),
            numbers=listed(self.numbers),
            extensions=listed(self.extensions),
            parts={kind: listed(wishes) for kind, wishes in self.parts.items()},
        )


def read_wishes(data: bytes, file: str, folder: Path, prompts: Prompts) -> Wishes:
    """Return what a file says; everything that is wrong in it is among its ``faults``.

    ``file`` is its name in messages; names in it are relative to ``folder``.
    """
    wishes = Wishes(file)
    reading = Reading(file, folder, prompts)
    try:
        root = read_tree(data)
    except TreeError as error:
        wishes.faults = [Problem(file, error.line, "", error.code, error.facts)]
        return wishes
    _File(wishes, reading).read(root)
    wishes.prompts = reading.used_prompts
    wishes.shipped = frozenset(prompts.shipped())
    wishes.faults = reading.problems
    return wishes


_OWNED: Final = ("numbers", "extensions", *(section.plural for section in schema.PARTS))


class _File:
    def __init__(self, wishes: Wishes, reading: Reading) -> None:
        self.wishes = wishes
        self.reading = reading

    def read(self, root: Node) -> None:
        sections = ("box", "listeners", "trunks", "tariffs", "gateways", "templates", "tenants")
        if read_fields(root, "", (), self.reading, beside=sections) is INVALID:
            return
        if not isinstance(root, Mapping):
            return
        if "box" in root.items:
            self.wishes.box = self._wish(schema.BOX, root.items["box"], "box", "", "")
        for section, wishes in (
            (schema.LISTENER, self.wishes.listeners),
            (schema.TRUNK, self.wishes.trunks),
            (schema.TARIFF, self.wishes.tariffs),
            (schema.GATEWAY, self.wishes.gateways),
            (schema.TEMPLATE, self.wishes.templates),
            (schema.TENANT, self.wishes.tenants),
        ):
            plural = f"{section.kind}s"
            for key, node, path in self._objects(root, section, plural, "", plural):
                beside = _OWNED if section is schema.TENANT else ()
                wishes[key] = self._wish(section, node, path, key, "", beside)
                if section is schema.TENANT and isinstance(node, Mapping):
                    self._tenant(key, node, path)

    def _tenant(self, tenant: str, node: Mapping, path: str) -> None:
        for key, item, place in self._objects(node, schema.NUMBER, "numbers", path, f"numbers {tenant}"):
            self.wishes.numbers.append(self._wish(schema.NUMBER, item, place, key, tenant))
        for key, item, place in self._objects(
            node, schema.EXTENSION, "extensions", path, f"extensions {tenant}"
        ):
            self.wishes.extensions.append(self._wish(schema.EXTENSION, item, place, key, tenant))
        for section in schema.PARTS:
            plural = section.plural
            for key, item, place in self._objects(node, section, plural, path, f"{plural} {tenant}"):
                wish = self._flow_wish if section is schema.FLOW else self._wish
                if section is schema.OWN_PROMPT and isinstance(item, Scalar) and not item.is_null:
                    item = Mapping({"audio": item}, {"audio": item.line}, item.line)
                self.wishes.parts[plural].append(wish(section, item, place, key, tenant))

    def _objects(
        self, node: Mapping, section: Section, name: str, path: str, mark: str
    ) -> list[tuple[str, Node, str]]:
        """Return key, node and path of each object under ``name``; note that the file has the section."""
        found = node.items.get(name)
        place = f"{path}.{name}" if path else name
        if found is None:
            return []
        if isinstance(found, Scalar) and found.is_null:
            found = Mapping({}, {}, found.line)
        if not isinstance(found, Mapping):
            self.reading.wrong(found, place, "mapping")
            return []
        self.wishes.named.add(mark)
        objects: dict[str, tuple[str, Node, str]] = {}
        for written, item in found.items.items():
            line, where = found.lines[written], f"{place}.{written}"
            key = section.called(Scalar(written, line, True), where, self.reading)
            if key in objects:
                self.reading.wrong(_at(item, line), where, "name-twice", value=key)
            elif key is not INVALID:
                objects[key] = (key, _at(item, line), where)
        return list(objects.values())

    def _flow_wish(self, section: Section, node: Node, path: str, key: str, tenant: str) -> Wish:
        """Read a flow that may be the name of a JSON file."""
        if not isinstance(node, Scalar) or node.is_null:
            return self._wish(section, node, path, key, tenant)
        given = read_flow_file(node, path, self.reading) or {}
        return Wish(section, key, tenant, self.reading.file, path, node.line, given, {})

    def _wish(
        self, section: Section, node: Node, path: str, key: str, tenant: str, beside: tuple[str, ...] = ()
    ) -> Wish:
        removable = ("absent",) if section is not schema.BOX else ()
        given = read_fields(node, path, section.fields, self.reading, beside=(*beside, *removable))
        lines = dict(node.lines) if isinstance(node, Mapping) else {}
        wish = Wish(section, key, tenant, self.reading.file, path, node.line, {}, lines)
        if given is INVALID:
            return wish
        wish.given = given
        if isinstance(node, Mapping) and removable and "absent" in node.items:
            absent = flag(node.items["absent"], f"{path}.absent", self.reading)
            wish.absent = absent is True
            if wish.absent and len(node.items) > 1:
                self.reading.problems.append(wish.problem("absent-and-more", "absent"))
        return wish


def _at(node: Node, line: int) -> Node:
    """Return an object's node as standing on the line of its name."""
    if isinstance(node, Mapping):
        return Mapping(node.items, node.lines, line)
    if isinstance(node, Scalar):
        return Scalar(node.text, line, node.quoted)
    return node
