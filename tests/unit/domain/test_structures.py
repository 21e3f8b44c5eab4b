"""Threads that read the same structure first at the same time."""

from __future__ import annotations

import subprocess
import sys

FIRST_AT_ONCE = """
import sys, threading
import msgspec
from domain.snapshot import BoxSnapshot
from domain.structures import learn_structures

learn_structures()
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)

def read() -> None:
    together.wait()
    msgspec.json.decode(b"{}", type=BoxSnapshot)

threads = [threading.Thread(target=read) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def test_threads_may_read_a_structure_first_at_once() -> None:
    """Without what is learnt before, one process in six ended by SIGSEGV."""
    ends = [subprocess.run([sys.executable, "-c", FIRST_AT_ONCE], check=False).returncode for _ in range(8)]
    assert ends == [0] * 8
