"""Can this version take a call here? ``python -m box400.upgrade.trial`` prints what is wrong, as JSON.

A private box of this very version, on loopback addresses and a directory of its own, takes a call of the test
phone, which answers as well: both parties must hear each other. The answer is like that of ``health``.
``--patience SECONDS``: how long its start may take, and the call.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from box400.upgrade.health import Fault
from storage.data_directory import DataDirectory

NUMBER: Final = "4000000000"
PATIENCE: Final = 90.0
CONFIGURATION: Final = """\
trunks:
  trial: {{sources: [{host}], target: "{host}:5080", trunk_number: "01000000000", options_seconds: 0}}
tenants:
  trial: {{name: trial, numbers: {{"4000000000": {{bound: ["13900000000"]}}}}}}
"""


def faults(patience: float) -> list[Fault]:
    """Do it; return what went wrong. A machine that is busy is given a second chance."""
    return _tried(patience) and _tried(patience)


def _tried(patience: float) -> list[Fault]:
    with tempfile.TemporaryDirectory(prefix="box400-trial-") as place:
        here = Path(place)
        box, peer = addresses(os.getpid())
        (here / "trial.yaml").write_text(CONFIGURATION.format(host=peer), encoding="utf-8")
        with (here / "out").open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 our own interpreter
                [
                    sys.executable, "-m", "box400", "--lang", "en", "run", "--data", str(here / "data"),
                    "--sip", f"{box}:5060", "--web", f"{box}:8400", "--no-demo",
                    "--apply", str(here / "trial.yaml"),
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd="/",
            )  # fmt: skip
        try:
            return _call(process, here, box, peer, patience)
        finally:
            _end(process)
            _forget_sockets(here / "data")


def addresses(number: int) -> tuple[str, str]:
    """Return two loopback addresses that hardly anybody else uses: the box's, the carrier's."""
    network = f"127.{200 + number % 50}.{1 + number // 50 % 250}"
    return f"{network}.1", f"{network}.2"


def _call(process: subprocess.Popen[bytes], here: Path, box: str, peer: str, patience: float) -> list[Fault]:
    end = time.monotonic() + patience
    while "box400 is up" not in (said := (here / "out").read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > end:
            why = " | ".join(said.splitlines()[-6:])[-400:]
            return [(f"A private box of this version did not start: {why}", f"该版本的试运行未能启动：{why}")]
        time.sleep(0.2)
    command = [
        sys.executable, "-m", "box400", "--lang", "en", "call", NUMBER, "--from", peer, "--to", f"{box}:5060",
        "--answer", "--answer-at", f"{peer}:5080", "--ring-seconds", "0.2", "--seconds", "2",
        "--data", str(here / "data"),
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 our own interpreter
            command, capture_output=True, text=True, timeout=patience, check=False, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return [("The test call did not end", "测试呼叫未能结束")]
    if done.returncode == 0:
        return []
    why = " | ".join((done.stdout + done.stderr).splitlines()[-3:])[-400:]
    return [(f"The test call failed: {why}", f"测试呼叫失败：{why}")]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _forget_sockets(data: Path) -> None:
    """Remove the directory of sockets where it had to lie elsewhere."""
    if (data / "run.path").exists():
        run = DataDirectory(data).run
        for path in run.iterdir():
            path.unlink()
        run.rmdir()


def main() -> int:
    """Print it; the exit status is 0 whenever the question could be asked."""
    parser = argparse.ArgumentParser(
        prog="box400.upgrade.trial", description="Take a call of the test phone."
    )
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS")
    sys.stdout.write(msgspec.json.encode(faults(parser.parse_args().patience)).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
