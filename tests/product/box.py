"""A real box400, started with ``box400 run`` on addresses of its own."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil

from storage.data_directory import DataDirectory
from tests.product.waiting import wait_until

ROOT = Path(__file__).parents[2]
_networks = itertools.count()
_WRONG = re.compile(r'Traceback|"level": ?"(?:error|critical)"| (?:ERROR|CRITICAL) |Unhandled')


class Place:
    """Loopback addresses that no other test of this machine uses at this time."""

    def __init__(self) -> None:
        number = os.getpid() * 61 + next(_networks)
        self.network = f"127.{64 + number // 254 % 128}.{1 + number % 254}"
        self.box = f"{self.network}.1"
        self.carrier = f"{self.network}.2"
        """Calls arrive from here."""
        self.gateway = f"{self.network}.3"
        """Calls leave to here, port 5080."""
        self.stranger = f"{self.network}.66"
        self.sip = (self.box, 5060)
        self.target = (self.gateway, 5080)


class Box:
    """One box: its processes, its command line, what it knows."""

    def __init__(self, data: Path, place: Place, configuration: str) -> None:
        """``configuration`` is YAML; ``@CARRIER@``, ``@GATEWAY@`` ... become the place's addresses."""
        self.data = data
        self.place = place
        data.mkdir(parents=True, exist_ok=True)
        self.file = data.parent / f"{data.name}.yaml"
        self.configure(configuration)
        self._process: subprocess.Popen[bytes] | None = None
        self.caller = "13800138000"
        """Who calls in the current test; a number for each, so that its records are found by it."""
        self.expected_errors: list[str] = []
        """Regular expressions of log lines that a test makes on purpose."""

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Start it, and stop it afterwards: it must end well. What a test that fails leaves is killed."""
        try:
            self.start()
            yield self
            self.stop()
        finally:
            self.kill()

    def configure(self, configuration: str) -> None:
        """Write the file that ``start`` and ``apply`` use."""
        for name, value in vars(self.place).items():
            if isinstance(value, str):
                configuration = configuration.replace(f"@{name.upper()}@", value)
        assert not re.search(r"@[A-Z]+@", configuration)
        self.file.write_text(configuration, encoding="utf-8")

    # processes

    def start(self, *options: str) -> None:
        """Start it and wait until it is up with its configuration in force."""
        command = [
            sys.executable, "-m", "box400", "run", "--data", str(self.data),
            "--sip", f"{self.place.box}:5060", "--web", f"{self.place.box}:8400", "--no-demo",
            "--apply", str(self.file), *options,
        ]  # fmt: skip
        self._out = self.data.parent / f"{self.data.name}.out"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

        def up() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"box400 run ended:\n{self.output()}\n{self.logs()}"
            return "box400 is up" in self.output()

        wait_until(up, "the box is up", 150)

    def output(self) -> str:
        """Return what ``box400 run`` has printed."""
        return self._out.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Process id of ``box400 run``."""
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """Return every process of the box."""
        return [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]

    def spare(self) -> int:
        """Process id of the b2bua that stands by for the one that serves, 0 while there is none."""
        try:
            return int((self.data_run / "b2bua-spare.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    @property
    def data_run(self) -> Path:
        """Where the box's process files are."""
        return DataDirectory(self.data).run

    def stop(self, number: int = signal.SIGINT, seconds: float = 30) -> None:
        """End it as Ctrl-C does; make sure that it ended well, left no process, and logged no error."""
        if self._process is None:
            return
        all_of_it = self.processes() if self._process.poll() is None else []
        self._process.send_signal(number)
        status = self._process.wait(seconds)
        self._process = None
        _, left = psutil.wait_procs(all_of_it, timeout=5)
        for process in left:
            process.kill()
        assert not left, f"processes outlived the box: {left}"
        assert status == 0, f"box400 run ended with {status}:\n{self.output()}\n{self.logs()}"
        self.check_logs()

    def kill(self) -> None:
        """End whatever is left, for tests that failed."""
        if self._process is not None and self._process.poll() is None:
            for process in self.processes():
                process.kill()
            self._process.wait()
        self._process = None

    def logs(self) -> str:
        """Return all log lines."""
        return "\n".join(
            file.read_text(errors="replace") for file in sorted((self.data / "log").glob("*.log"))
        )

    def check_logs(self) -> None:
        """Make sure that no process logged an error that the test did not expect."""
        wrong = [
            line
            for line in self.logs().splitlines()
            if _WRONG.search(line) and not any(re.search(each, line) for each in self.expected_errors)
        ]
        assert not wrong, "errors in the logs:\n" + "\n".join(wrong[:40]) + "\n" + self.logs()[-8000:]

    # command line

    def cli(self, *arguments: str, status: int = 0) -> str:
        """Run a command of box400 on this box and return what it prints; make sure of its exit status."""
        done = self.try_cli(*arguments)
        assert done.returncode == status, (
            f"box400 {' '.join(arguments)} -> {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def try_cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of box400 on this box."""
        command = [sys.executable, "-m", "box400", *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)

    def answer(self, command: str, answers: Sequence[str]) -> str:
        """Run a command that asks, answer it line by line, and return what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "box400", command, "--data", str(self.data)],
            input="".join(f"{answer}\n" for answer in answers),
            capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Run Python code with this box's DATA and return what it prints."""
        command = [sys.executable, "-c", f"DATA = {str(self.data)!r}\n{code}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_process(self, name: str) -> subprocess.Popen[bytes]:
        """Start one process of the box by itself; it is up when this returns."""
        process = subprocess.Popen([sys.executable, "-m", "box400", name, "--data", str(self.data)])
        wait_until((self.data / "run" / f"{name}.json").exists, f"{name} is up")
        return process

    def web(self, path: str) -> tuple[int, str]:
        """Get a page of the box's web address."""
        try:
            with urllib.request.urlopen(f"http://{self.place.box}:8400{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and return what it says."""
        return json.loads(self.cli(*arguments, "--json"))

    def call(self, number: str, *options: str, status: int = 0) -> Any:
        """Place a call with the test phone and return its report."""
        place = self.place
        arguments = (
            "call",
            number,
            "--from",
            place.carrier,
            "--to",
            f"{place.box}:5060",
            "--caller",
            self.caller,
            "--json",
            *options,
        )
        if any(option.startswith("--answer") for option in options):
            arguments += ("--answer-at", f"{place.gateway}:5080")
        return json.loads(self.cli(*arguments, status=status))

    def answered_by(self, number: str, *options: str, status: int = 0) -> Any:
        """Place a call that the test phone answers as well."""
        return self.call(number, "--answer", *options, status=status)

    # what it knows

    def records(self, *filters: str, count: int) -> list[dict[str, Any]]:
        """Return the records of the current test, newest first, once there are so many."""

        def enough() -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = self.json(
                "records", "--limit", "0", "--caller", self.caller, *filters
            )
            assert len(found) <= count, f"more than {count} records: {found}"
            return found if len(found) == count else None

        found = wait_until(enough, f"{count} records")
        return [self.json("records", each["id"]) for each in found] if count <= 10 else found

    def record(self) -> dict[str, Any]:
        """Return the one record of the current test."""
        return self.records(count=1)[0]

    def recording(self, call: str) -> Path:
        """Return the recording of a call, once there is one."""
        file = self.data.parent / f"{call}.flac"
        wait_until(lambda: self.try_cli("recording", "get", call, str(file)).returncode == 0, "a recording")
        return file

    def calls(self) -> Sequence[dict[str, Any]]:
        """Return the calls that are up."""
        live: list[dict[str, Any]] = self.json("calls")
        return live

    def quiet(self) -> None:
        """Wait until no call is up."""
        wait_until(lambda: not self.calls(), "no call is up", explain=self.story_of_calls)

    def story_of_calls(self) -> str:
        """Return what is known of the calls that are up, for a failed test."""
        calls = self.calls()
        traces = [self.try_cli("trace", each["call"]).stdout for each in calls]
        journal = [file.read_text(errors="replace") for file in sorted((self.data / "journal").glob("*.jnl"))]
        lines = [
            line[:400]
            for text in journal
            for line in text.splitlines()
            if any(e["call"] in line for e in calls)
        ]
        return "\n".join([str(calls), *traces, *lines, self.logs()[-4000:]])
