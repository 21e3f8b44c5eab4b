"""Read and change prompts for a command: what is wrong is told, and whether a change is in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from b2bua.in_force import change_in_force
from box400.cli.database import main_database
from box400.cli.options import complain
from box400.cli.words import words
from box400.prompts import tidy
from storage.data_directory import DataDirectory
from storage.models import PromptState, PromptVersion, Root
from storage.voice.prompt_faults import PromptFault

NOT_IN_FORCE = 4
STATES = {
    PromptState.PENDING: ("waits for review", "待审核"),
    PromptState.APPROVED: ("approved", "已通过"),
    PromptState.REJECTED: ("rejected", "已驳回"),
}

T = TypeVar("T")


def read_prompts(data: DataDirectory, work: Callable[[Root], T]) -> T:
    """Read in one view of the database; a fault is told and ends the command."""
    with main_database(data) as database:
        try:
            return database.read(work)
        except PromptFault as fault:
            complain(fault.en, fault.zh)


def change_prompts(data: DataDirectory, work: Callable[[Root], T], note: str, tell: Callable[[T], None]) -> T:
    """Change, tell what was done, and whether it is in force."""
    with main_database(data) as database:
        try:
            done, why_not = change_in_force(data, database, work, note)
            tidy(data, database)
        except PromptFault as fault:
            complain(fault.en, fault.zh)
    tell(done)
    if why_not:
        complain(f"Stored, but not in force: {why_not}.", f"已保存，尚未生效：{why_not}。", NOT_IN_FORCE)
    return done


def state(version: PromptVersion) -> str:
    """Return where a version stands in review, for people."""
    text = words(*STATES[version.state])
    return f"{text} ({version.reason})" if version.reason else text
