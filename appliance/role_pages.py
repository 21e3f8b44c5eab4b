"""Write the README of each role from its argument specification: ``python -m appliance.role_pages``.

``--check`` writes nothing and exits 1, naming those that are not as they should be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROLES = Path(__file__).parent / "ansible" / "roles"


def page(role: Path) -> str:
    """Return the README of a role."""
    specification = _read(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]
    about = _read(role / "meta" / "main.yml")["galaxy_info"]["description"]
    lines = [
        f"# {role.name}",
        "",
        f"{about}.",
        "",
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, option in specification["options"].items():
        lines += _rows(name, option)
    written = sorted(
        str(file.relative_to(role / "templates")).removesuffix(".j2")
        for file in (role / "templates").rglob("*.j2")
    )
    if written:
        lines += ["", "Writes " + ", ".join(f"`/{name}`" for name in written) + "."]
    return "\n".join([*lines, ""])


def _rows(name: str, option: dict[str, Any]) -> Iterator[str]:
    kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    if "choices" in option:
        kind = " or ".join(f"`{choice}`" for choice in option["choices"])
    default = "must be given" if option.get("required") else _shown(option.get("default", ""))
    yield f"| `{name}` | {kind} | {default} | {' '.join(option['description'].split())} |"
    for inner, suboption in option.get("options", {}).items():
        yield from _rows(f"{name}[].{inner}", suboption)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "`[" + ", ".join(map(str, value)) + "]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in ("", None) else ""


def _read(file: Path) -> Any:
    return YAML(typ="safe").load(file)


def roles() -> list[Path]:
    """Return the directories of all roles, in order."""
    return sorted(file.parents[1] for file in ROLES.glob("*/meta/argument_specs.yml"))


def main() -> int:
    """Write or check; returns the exit status."""
    wrong = []
    for role in roles():
        wanted, readme = page(role), role / "README.md"
        if readme.is_file() and readme.read_text(encoding="utf-8") == wanted:
            continue
        if "--check" in sys.argv:
            wrong.append(str(readme))
        else:
            readme.write_text(wanted, encoding="utf-8")
    if wrong:
        print("not as the argument specification says: " + ", ".join(wrong), file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
