"""The two locked requirements files name the same packages."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package that a lock names."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_what_tests_run_on_is_what_the_product_runs_on() -> None:
    """The development lock holds every package of the product's lock, in the same version."""
    product, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: version for name, version in product.items() if development.get(name) != version} == {}
