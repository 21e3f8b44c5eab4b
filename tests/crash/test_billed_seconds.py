"""Billed seconds are those that sipp counted, whichever process is killed meanwhile."""

from __future__ import annotations

import math
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.crash.test_kill import MARK, SLACK, processes
from tests.product.box import Box, Place
from tests.product.sipp import Sipp, gateway, tone_file
from tests.product.waiting import wait_until

CONFIGURATION = """
box:
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tariffs:
  by-second:
    editions:
      - prices: [{first_seconds: 1, first_li: 1, step_seconds: 1, step_li: 1}]
tenants:
  demo:
    name: 演示企业
    tariff: by-second
    numbers:
      "4001003722":
        bound: [{number: "13900001111", skip_busy: false}]
"""
NUMBER = "4001003722"
_MESSAGE = re.compile(
    r"-{20,} (\d{4}-\d\d-\d\d\s\d\d:\d\d:\d\d\.\d+)\n"
    r"\w+ message (?:sent|received) [^\n]*\n\n(.*?)(?=\n-{20,}|\Z)",
    re.DOTALL,
)


def counted(messages: str) -> dict[str, float]:
    """Return the seconds from answer to BYE of each call, by Call-ID, as the log of sipp has them."""
    answered: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for when, text in _MESSAGE.findall(messages):
        call = re.search(r"^Call-ID: *(\S+)", text, re.MULTILINE | re.IGNORECASE)
        assert call is not None, text
        at = datetime.strptime(re.sub(r"\s", " ", when), "%Y-%m-%d %H:%M:%S.%f").timestamp()
        if text.startswith("SIP/2.0 200") and re.search(r"^CSeq: *\d+ INVITE", text, re.MULTILINE):
            answered.setdefault(call[1], at)
        elif text.startswith("BYE ") and call[1] in answered:
            seconds.setdefault(call[1], at - answered[call[1]])
    return seconds


@contextmanager
def calls(box: Box, folder: Path, scenario: str, count: int, seconds: float = 6.0) -> Iterator[Sipp]:
    """Let a carrier bring calls, four a second, to a gateway that answers them."""
    sound = tone_file(folder / "tone.alaw", 440)
    place = box.place
    with gateway(
        folder / "gw", "gateway_answers", *place.target, sound=sound, calls=count, limit=120.0
    ) as answerer:
        carrier = Sipp(
            folder / "carrier", scenario, host=place.carrier, remote=place.sip, service=NUMBER, sound=sound,
            calls=count, rate=4, seconds=seconds, limit=120.0, caller=box.caller,
        )  # fmt: skip
        try:
            yield carrier
            carrier.good(120)
            answerer.good(60)
        finally:
            carrier.stop()


def kill(box: Box, role: str) -> None:
    """Kill every process of a role as soon as there is one."""
    for process in wait_until(lambda: processes(box)[role], f"a {role} to kill"):
        process.send_signal(signal.SIGKILL)


def billed(box: Box, count: int) -> dict[str, dict[str, Any]]:
    """Return the records by Call-ID, once there are so many."""
    box.records(count=count)
    listed = box.json("records", "--limit", "0", "--caller", box.caller)
    found = [box.json("records", each["id"]) for each in listed]
    return {record["sip_call_id"]: record for record in found}


def check_books(box: Box, records: dict[str, dict[str, Any]]) -> int:
    """Make sure that account, records and journal agree; return the sum of the seconds that were billed."""
    total: int = sum(record["charge"]["li"] for record in records.values())
    assert sum(record["charge"]["seconds"] for record in records.values()) == total
    (balance,) = [each for each in box.json("money", "balances") if each["tenant"] == "demo"]
    assert balance["balance_li"] == -total
    assert "The books are right." in box.cli("money", "check")
    return total


def test_each_second_is_billed_once_though_processes_die(tmp_path: Path) -> None:
    """Ledger, store, recorder, media die while calls are up: each call costs the seconds of sipp's clock."""
    box = Box(tmp_path / "data", Place(), CONFIGURATION)
    box.expected_errors.append(".")  # processes die here; what they leave is judged by the records
    count = 24
    with box.running():
        with calls(box, tmp_path, "carrier_call", count) as carrier:
            for role in ("b2bua.ledger", "storage", "b2bua.media", "b2bua.recorder", "b2bua.ledger"):
                wait_until(box.calls, "a call is up")
                kill(box, role)
        seconds = counted(carrier.messages())
        records = billed(box, count)
        assert seconds.keys() == records.keys()
        for name, lasted in seconds.items():
            assert records[name]["outcome"] == "answered"
            charged = records[name]["charge"]["seconds"]
            assert charged == math.ceil(records[name]["access_ms"] / 1000)
            assert abs(records[name]["access_ms"] / 1000 - lasted) <= SLACK, (name, lasted, records[name])
        total = check_books(box, records)
        print(f"\n{count} calls, {total} s billed, {sum(seconds.values()):.1f} s counted by sipp")


def test_calls_that_the_sip_process_took_with_it_are_billed_up_to_their_last_mark(tmp_path: Path) -> None:
    """Never more than sipp counted; less by at most a mark and the time until the box ended them."""
    box = Box(tmp_path / "data", Place(), CONFIGURATION)
    box.expected_errors.append(".")
    count = 8
    with box.running():
        with calls(box, tmp_path, "carrier_waits", count) as carrier:
            wait_until(
                lambda: [each["state"] for each in box.calls()].count("talking") == count, "all talk", 30
            )
            died = time.time()
            kill(box, "b2bua")
        seconds = counted(carrier.messages())
        records = billed(box, count)
        assert seconds.keys() == records.keys()
        for name, lasted in seconds.items():
            record = records[name]
            assert record["outcome"] == "cut-by-crash"
            up = died - record["start"] - record["answer_ms"] / 1000
            charged = record["access_ms"] / 1000
            assert up - MARK - SLACK <= charged <= lasted + SLACK, (name, lasted, record)
            assert record["charge"]["seconds"] == math.ceil(charged)
        total = check_books(box, records)
        print(f"\n{count} calls cut, {total} s billed, {sum(seconds.values()):.1f} s counted by sipp")
