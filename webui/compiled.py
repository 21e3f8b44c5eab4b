"""Templates compiled before somebody asks for them: each costs a tenth of a second of whom it meets first."""

from __future__ import annotations

import logging
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache
from pyramid.router import Router

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"


def compiled_before() -> BytecodeCache | None:
    """Return what earlier processes of this account compiled; None where there is no safe place for it."""
    try:
        return FileSystemBytecodeCache()
    except (OSError, RuntimeError) as error:  # the directory is another account's
        log.warning("templates are compiled anew at each start: %s", error)
        return None


def compile_templates(pages: Router) -> None:
    """Compile every template that is not yet; they are kept on the disk, not in memory."""
    environment: Environment = pages.registry["templates"]
    if environment.bytecode_cache is not None:
        passing = environment.overlay(cache_size=0)
        for path in sorted(TEMPLATES.rglob("*.html")):
            passing.get_template(str(path.relative_to(TEMPLATES)))
