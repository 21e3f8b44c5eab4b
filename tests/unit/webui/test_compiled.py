"""Templates are compiled once, for all processes of an account."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemBytecodeCache
from pyramid.router import Router

from webui.compiled import TEMPLATES, compile_templates, compiled_before


def test_every_template_is_compiled_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, application: Router
) -> None:
    """None is broken, each is found again on the disk, and none stays in memory for it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment: Environment = application.registry["templates"]
    monkeypatch.setattr(environment, "bytecode_cache", compiled_before())
    held = len(environment.cache or ())
    compile_templates(application)
    assert len(list(tmp_path.rglob("*.cache"))) == len(list(TEMPLATES.rglob("*.html")))
    assert len(environment.cache or ()) == held


def test_a_place_that_is_not_ours_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What lies there could have been written by another account; pages are compiled anew."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = compiled_before()
    assert isinstance(before, FileSystemBytecodeCache)
    place = Path(before.directory)
    place.rmdir()
    place.symlink_to(tmp_path)
    assert compiled_before() is None
    assert "compiled anew" in caplog.text
