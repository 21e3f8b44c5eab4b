"""Open the box's databases for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from box400.cli.options import NOT_DONE, NOT_RUNNING, complain
from storage.connection import MainDatabase, StoreDown, open_main, open_recordings
from storage.data_directory import DataDirectory
from storage.evolution import SchemaMismatch
from storage.recordings import Recordings


@contextmanager
def main_database(data: DataDirectory) -> Iterator[MainDatabase]:
    """Give the main database; say why and exit where the store is not there."""
    database = open_main(data)
    try:
        with _explained(data):
            yield database
    finally:
        database.close()


@contextmanager
def recordings_database(data: DataDirectory) -> Iterator[Recordings]:
    """Give the recordings; say why and exit where the store is not there."""
    recordings = Recordings(open_recordings(data))
    try:
        with _explained(data):
            yield recordings
    finally:
        recordings.close()


@contextmanager
def _explained(data: DataDirectory) -> Iterator[None]:
    try:
        yield
    except StoreDown as error:
        complain(
            f"The store of {data.root} is not running ({error}).",
            f"{data.root} 的存储进程未运行（{error}）。",
            NOT_RUNNING,
        )
    except SchemaMismatch as error:
        complain(str(error), str(error), NOT_DONE)
