"""Read ``openapi.yaml``: what there is, and which scope each operation asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML

FILE: Final = Path(__file__).parent / "openapi.yaml"
METHODS: Final = ("get", "put", "post", "patch", "delete")


class Operation(NamedTuple):
    """One operation of the document."""

    id: str
    method: str
    path: str
    """``/tenants/{tenant}/calls``; Pyramid's patterns are written the same."""
    scope: str
    status: int
    """Of the answer when all is well."""


def read_spec() -> dict[str, Any]:
    """Return the document."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))
    return found


def operations(spec: dict[str, Any]) -> list[Operation]:
    """Return its operations, in its order."""
    return [
        Operation(
            held["operationId"], method.upper(), path, held["security"][0]["key"][0],
            next(int(each) for each in held["responses"] if each.startswith("2")),
        )
        for path, item in spec["paths"].items()
        for method, held in item.items()
        if method in METHODS
    ]  # fmt: skip
