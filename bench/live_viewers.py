"""Hold many viewers of live pages on a running box, and tell what they cost the process of the pages.

``python bench/live_viewers.py --data DIR --agent 8001 [--viewers 300] [--seconds 60] [--changes 2]`` beside
``box400 run``. All look at one tenant, one of whose agents is paused and made ready again so often a second.
Tickets are made with the box's key, for sessions of the bench.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from b2bua.control import ControlClient, Done
from b2bua.control_floor import SetAgent
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.models.web import WebSession
from webui.services import accounts
from webui.services.stream_tickets import Ticket, make_ticket

EACH_SESSION = 10
"""A session may open so many streams."""


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Viewer:
    """One stream, counted."""

    def __init__(self) -> None:
        self.events = 0
        self.bytes = 0

    async def watch(self, host: str, port: int, ticket: str) -> None:
        """Read until the stream ends."""
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /live?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        while data := await reader.read(65536):
            self.bytes += len(data)
            self.events += data.count(b"data: {")


def change(data: DataDirectory, wanted: argparse.Namespace) -> None:
    """Let an agent pause and be ready again, until the viewers have seen enough."""
    with ControlClient(data.control_socket) as client:
        client.ask(SetAgent(wanted.tenant, wanted.agent, "login"), Done)
        for turn in range(round((wanted.seconds + 5) * wanted.changes)):
            client.ask(SetAgent(wanted.tenant, wanted.agent, ("pause", "resume")[turn % 2]), Done)
            time.sleep(1 / wanted.changes)


async def run(data: DataDirectory, tickets: list[str], seconds: float, change: Callable[[], None]) -> None:
    """Watch, and print the figures."""
    host, _, port = data.read_settings().web.rpartition(":")
    pid = int(data.web_pid.read_text())
    idle = cpu_seconds(pid)
    await asyncio.sleep(10)
    idle = (cpu_seconds(pid) - idle) / 10
    viewers = [Viewer() for _ in tickets]
    tasks = [
        asyncio.create_task(viewer.watch(host, int(port), ticket))
        for viewer, ticket in zip(viewers, tickets, strict=True)
    ]
    changing = asyncio.create_task(asyncio.to_thread(change))
    await asyncio.sleep(5)
    before, began = cpu_seconds(pid), time.monotonic()
    events = sum(viewer.events for viewer in viewers)
    await asyncio.sleep(seconds)
    used = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    events = sum(viewer.events for viewer in viewers) - events
    up = sum(not task.done() for task in tasks)
    print(f"viewers up {up} of {len(tasks)}; without them {idle:.1%} of a core")
    print(f"with them {used:.1%} of a core; {events / seconds / len(tasks):.2f} events a second for each")
    await changing
    for task in tasks:
        task.cancel()


def main() -> None:
    """Make tickets, watch, take the sessions away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tenant", default="demo")
    parser.add_argument("--agent", required=True)
    parser.add_argument("--changes", type=float, default=2)
    wanted = parser.parse_args()
    data = DataDirectory(wanted.data)
    database, now = open_main(data), time.time()
    secret = data.web_secret.read_bytes()
    account = f"tenant:{wanted.tenant}"
    tokens = database.transact(
        lambda root: [
            accounts.digest(accounts.open_session(root, WebSession(account, now, now, "127.0.0.1")))
            for _ in range(-(-wanted.viewers // EACH_SESSION))
        ]
    )
    tickets = [
        make_ticket(secret, Ticket(tokens[place // EACH_SESSION], account), now + 10)
        for place in range(wanted.viewers)
    ]
    try:
        asyncio.run(run(data, tickets, wanted.seconds, partial(change, data, wanted)))
    finally:
        database.transact(lambda root: [root.web.sessions.pop(token, None) for token in tokens] and None)
        database.close()


if __name__ == "__main__":
    main()
