"""The processes of one box, and the order of their start."""

from __future__ import annotations

import sys

from box400.supervisor.child import Program
from storage.data_directory import DataDirectory

MODULES = {
    "store": "storage",
    "ledger": "b2bua.ledger",
    "recorder": "b2bua.recorder",
    "notices": "b2bua.notices",
    "b2bua": "b2bua",
    "webui": "webui",
}
"""Process -> the module that is it."""
GROUPS = (("store",), ("ledger", "recorder", "notices", "b2bua", "webui"))
"""Each group needs the one before. They end in the reverse order: the pages, then calls are closed, then what
they left is kept, then the store may go."""


def command(name: str, data: DataDirectory) -> tuple[str, ...]:
    """Return the command line of one process."""
    return (sys.executable, "-m", MODULES[name], "--data", str(data.root))


def programs(data: DataDirectory) -> list[list[Program]]:
    """Return what ``box400 run`` starts; nobody can call while the b2bua is away, so it has a spare."""
    without = () if data.read_settings().web else ("webui",)
    return [
        [Program(name, command(name, data), _spare(name, data)) for name in group if name not in without]
        for group in GROUPS
    ]


def _spare(name: str, data: DataDirectory) -> tuple[str, ...]:
    return (*command(name, data), "--standby") if name == "b2bua" else ()
