"""Flow documents for commands: from the database or a file, with what is wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

from box400.cli.database import main_database
from box400.cli.options import complain
from domain.flow.document import FlowDocument
from domain.flow.problems import FlowError, FlowProblem
from domain.flow.reading import as_written, read_document
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.voice import flows

T = TypeVar("T")


def document_of(
    data: DataDirectory, tenant: str, name: str, version: int | None, draft: bool
) -> FlowDocument:
    """Return what is in force, a version, or the draft; complain when there is none."""
    state = read(data, lambda root: flows.flow(root, tenant, name))
    if version is not None:
        found = [each.document for each in state.versions if each.version == version]
        if not found:
            fault = flows.FlowFault("no-version", name=name, version=version)
            complain(fault.en, fault.zh)
        return found[0]
    if draft:
        if state.draft is None:
            fault = flows.FlowFault("no-draft", name=name)
            complain(fault.en, fault.zh)
        return state.draft.document
    if state.published is None:
        fault = flows.FlowFault("no-flow", tenant=tenant, name=name)
        complain(fault.en, fault.zh)
    return state.published.document()


def read_file(file: Path) -> FlowDocument:
    """Read a JSON file; complain with all that is wrong in its form."""
    try:
        return read_document(file.read_bytes())
    except FlowError as error:
        refuse(error.problems)
    except OSError as error:
        complain(str(error), str(error))


def refuse(problems: tuple[FlowProblem, ...]) -> NoReturn:
    """Complain with every problem."""
    complain("\n".join(each.line("en") for each in problems), "\n".join(each.line("zh") for each in problems))


def json_of(document: FlowDocument) -> str:
    """Return a document as JSON for people."""
    return msgspec.json.format(msgspec.json.encode(as_written(document)), indent=2).decode()


def read(data: DataDirectory, work: Callable[[Root], T]) -> T:
    """Read from the database; complain of what is not there."""
    with main_database(data) as database:
        try:
            return database.read(work)
        except flows.FlowFault as fault:
            complain(fault.en, fault.zh)
