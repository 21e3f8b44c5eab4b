"""`box400 run`: one command brings a box up, keeps it up, and ends it without leaving anything behind."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.product.box import ROOT, Box, Place
from tests.product.sipp import Sipp, gateway, tone_file
from tests.product.waiting import wait_until

STRAIGHT = "4001003722"


@pytest.fixture
def own_box(tmp_path: Path) -> Iterator[Box]:
    """Return a box of this test alone, not started yet."""
    box = Box(tmp_path / "data", Place(), (Path(__file__).parent / "box.yaml").read_text(encoding="utf-8"))
    try:
        yield box
        box.stop()
    finally:
        box.kill()


def test_ctrl_c_ends_calls_in_progress_and_closes_their_records(own_box: Box, tmp_path: Path) -> None:
    """Both parties get a BYE, and after the next start the record is there with its seconds."""
    own_box.start()
    place = own_box.place
    sound = tone_file(tmp_path / "tone.alaw", 440)
    with gateway(tmp_path / "gw", "gateway_answers", *place.target, sound=sound) as answerer:
        caller = Sipp(
            tmp_path / "caller",
            "carrier_waits",
            host=place.carrier,
            remote=place.sip,
            service=STRAIGHT,
            sound=sound,
        )
        try:
            wait_until(
                lambda: [call for call in own_box.calls() if call["state"] == "talking"], "the call is up"
            )
            own_box.stop()
            caller.good(10)
            answerer.good(10)
        finally:
            caller.stop()
    own_box.start()
    record = own_box.record()
    assert (record["outcome"], record["hung_up_by"], record["sip_status"]) == ("shutdown", "box", 200)
    assert record["talk_ms"] > 0
    assert own_box.recording(record["id"]).exists()


@pytest.mark.parametrize("name", ["store", "ledger", "recorder", "notices", "b2bua", "webui"])
def test_a_killed_process_is_replaced(quiet_box: Box, name: str) -> None:
    """kill -9 of any process: another takes its place, and calls are connected and recorded again."""
    before = {each["name"]: each["pid"] for each in quiet_box.json("status")["processes"]}
    psutil.Process(before[name]).kill()

    def replaced() -> bool:
        done = quiet_box.try_cli("status", "--json")
        return done.returncode == 0 and any(
            each["name"] == name and each["up"] and each["pid"] != before[name]
            for each in quiet_box.json("status")["processes"]
        )

    wait_until(replaced, f"{name} is up again")
    assert f"{name} died after" in quiet_box.output()
    quiet_box.expected_errors += ["ClientDisconnected", "StoreDown", "store"]
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    record = quiet_box.record()
    assert record["outcome"] == "answered"
    assert quiet_box.recording(record["id"]).exists()


def test_no_process_outlives_a_killed_supervisor(own_box: Box) -> None:
    """kill -9 of `box400 run` itself ends everything it started."""
    own_box.start()
    processes = own_box.processes()
    assert len(processes) >= 6
    psutil.Process(own_box.pid).kill()
    _, left = psutil.wait_procs(processes, timeout=15)
    assert left == []
    own_box.kill()


def test_a_second_box_on_the_same_data_is_refused(own_box: Box) -> None:
    """It says so and leaves the first one alone."""
    own_box.start()
    place = own_box.place
    second = own_box.try_cli("run", "--sip", f"{place.box}:5070", "--web", f"{place.box}:8410")
    assert second.returncode == 1
    assert "is running" in second.stderr
    own_box.cli("status")


def test_a_port_that_is_taken_is_named(own_box: Box) -> None:
    """The box does not start, and says which address is in use."""
    place = own_box.place
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((place.box, 5060))
        done = own_box.try_cli("run", "--sip", f"{place.box}:5060", "--web", f"{place.box}:8400", "--no-demo")
    assert done.returncode == 1
    assert "in use" in done.stderr


def test_what_a_newcomer_sees(own_box: Box) -> None:
    """Without any file the box has its demo, and what it prints leads to the first call."""
    place = own_box.place
    options = ["--data", str(own_box.data), "--sip", f"{place.box}:5060", "--web", f"{place.box}:8400"]
    process = subprocess.Popen(
        [ROOT / "run", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = ""
        while "Ctrl-C" not in told:
            line = process.stdout.readline()
            assert line, f"it ended: {told}"
            told += line
        assert f"{place.box}:5060 udp, tcp" in told
        assert "4001003721, 4001003722, 4001003723 (演示企业)" in told
        suggested = next(line for line in told.splitlines() if " --answer" in line).partition("#")[0].split()
        assert suggested[1:4] == ["call", "4001003722", "--answer"]
        own_box.cli("call", "4001003722", "--answer", "--seconds", "3")
        record = own_box.record()
        assert (record["outcome"], record["charge"]["li"]) == ("answered", 100)
        (balance,) = own_box.json("money", "balances")
        assert balance["balance_li"] == 100_000 - 100
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        own_box.check_logs()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_health_and_metrics(own_box: Box) -> None:
    """`--web` serves what a monitor asks."""
    own_box.start()
    assert own_box.web("/healthz") == (200, "ok\n")
    status, text = own_box.web("/metrics")
    assert status == 200
    assert "box400_calls_started_total 0.0" in text
