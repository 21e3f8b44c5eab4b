"""A box with two tenants, and browsers on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyramid.router import Router

from storage.connection import open_main_in_memory, open_recordings_in_memory
from storage.data_directory import DataDirectory
from storage.recordings import Recordings
from tests.unit.webui.site import OPERATORS, Site
from webui.application import attach, make_pages
from webui.services.box import BoxServices


@pytest.fixture(scope="session")
def application() -> Router:
    """Return the pages of no box: to make them takes longer than most tests."""
    return make_pages()


@pytest.fixture
def site(tmp_path: Path, application: Router) -> Iterator[Site]:
    """Return the pages of a box without processes."""
    data = DataDirectory(tmp_path / "box")
    data.create()
    database, recordings = open_main_in_memory(), Recordings(open_recordings_in_memory())
    site = Site(database, recordings, data)
    services = BoxServices(data, database, recordings, b"k" * 32, site.clock)
    attach(application, services)
    site.serve(application, services)
    site.fill()
    for name, role in OPERATORS.items():
        site.add_operator(name, role)
    yield site
    recordings.close()
    database.close()
