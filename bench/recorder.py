"""CPU of a recorded call in recorder and store: ``python -m bench.recorder --calls 200 --seconds 10``.

Calls of two legs that are over, speech on both sides, wait in the spool; a real recorder and a real store
make them recordings (fsync, ZEO, blobs). Prints milliseconds of CPU a call; fails if a recording is missing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from b2bua.recorder import voice
from b2bua.recorder.finished import spooled_calls
from storage.connection import open_recordings
from storage.data_directory import DataDirectory
from storage.journal import JournalWriter
from storage.recordings import Recordings
from tests.unit.recorder.box import call_name, write_spool
from tests.unit.recorder.calls import lines, sent
from tests.unit.recorder.processes import process


def speech(seconds: float) -> np.ndarray:
    """Return speech with a little hiss, as long as asked."""
    spoken = np.concatenate(
        [
            soundfile.read(voice.source(name), dtype="int16")[0]
            for name, words in voice.WORDS.items()
            if words.kind is voice.Kind.SENTENCE
        ]
    )
    hiss = np.random.default_rng(0).normal(0, 20, len(spoken))
    return np.resize((spoken + hiss).astype(np.int16), int(seconds * 8000))


def prepare(data: DataDirectory, calls: int, seconds: float) -> None:
    """Leave calls as the b2bua and the media workers leave them."""
    caller = sent(speech(seconds), 1.0)
    callee = sent(np.roll(speech(seconds), 50_000), 1.2)
    with JournalWriter(data.journal, fsync=False, reserve=0) as journal:
        for number in range(calls):
            name = call_name(number)
            write_spool(data.spool, name, "a", caller)
            write_spool(data.spool, name, "b1", callee)
            for event in lines(call=name, bridges=(("b1", 1.2, None),), ended=1.0 + seconds):
                journal.append(event)


def cpu(pid: int) -> float:
    """Return the seconds of CPU a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Run once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    calls = arguments.calls
    with tempfile.TemporaryDirectory() as directory:
        data = DataDirectory(Path(directory))
        data.create()
        prepare(data, calls, arguments.seconds)
        with process("storage", data) as store:
            recordings = Recordings(open_recordings(data))
            known = recordings.total().count
            store_before = cpu(store.pid)
            with process("b2bua.recorder", data) as recorder:
                before, began = cpu(recorder.pid), time.monotonic()
                while spooled_calls(data.spool):
                    if recorder.poll() is not None:
                        raise SystemExit("the recorder ended")
                    time.sleep(0.05)
                wall = time.monotonic() - began
                used, store_used = cpu(recorder.pid) - before, cpu(store.pid) - store_before
                memory = psutil.Process(recorder.pid).memory_full_info().pss / 1e6
            missing = calls - (recordings.total().count - known)
            recordings.close()
    print(f"{'calls':>6} {'seconds':>8} {'recorder':>9} {'store':>7} {'wall':>7}  (ms a call)   PSS MB")
    print(
        f"{calls:>6} {arguments.seconds:>8.1f} {used / calls * 1e3:>9.2f} {store_used / calls * 1e3:>7.2f}"
        f" {wall / calls * 1e3:>7.2f} {memory:>23.0f}"
    )
    if missing:
        raise SystemExit(f"{missing} recordings are missing")


if __name__ == "__main__":
    main()
