"""What a call needed is free as soon as it is over."""

from __future__ import annotations

import subprocess
import sys

from tests.product.box import ROOT


def test_a_call_leaves_nothing_to_the_garbage_collector() -> None:
    """No two objects of a call hold each other when it has ended: a search for such circles stops the process
    for as long as it takes."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.b2bua_call", "--calls", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "\n0.0 objects of a call are left to the garbage collector" in told.stdout
