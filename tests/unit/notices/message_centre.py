"""A message centre in a process of its own (``smpp_peer``): what it was sent, and what it brings."""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_hosts = itertools.count(1)


class MessageCentre:
    """The process, at port 2775 of an address that nobody else has."""

    def __init__(self) -> None:
        self.host = f"127.{190 + os.getpid() % 10}.{os.getpid() // 10 % 250}.{next(_hosts)}"
        command = [sys.executable, "-W", "ignore", "-m", "tests.unit.notices.smpp_peer", self.host, "2775"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(__file__).parents[3],
        )
        assert self.told() == ["ready"]

    def told(self) -> list[Any]:
        """Return what happened to it next."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 20.0)[0], "the centre says nothing"
        line: list[Any] = json.loads(self.process.stdout.readline())
        return line

    def brings(self, sender: str, to: str, text: str) -> None:
        """Let it deliver an SMS to who is signed in."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([sender, to, text]).encode() + b"\n")

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def message_centre() -> Iterator[MessageCentre]:
    """Run a message centre."""
    centre = MessageCentre()
    try:
        yield centre
    finally:
        centre.end()
