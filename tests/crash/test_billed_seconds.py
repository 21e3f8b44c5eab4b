"""Billed seconds are those that sipp counted, whichever process is killed meanwhile."""

from __future__ import annotations

import math
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.records.record import CallRecord
from tests.crash.mortal import MARK, ROLES, SLACK, mortal_box, processes
from tests.product.box import Box
from tests.product.sipp import Sipp, gateway, tone_file
from tests.product.waiting import wait_until

TENANTS = """
tariffs:
  by-second:
    editions:
      - prices: [{first_seconds: 1, first_li: 1, step_seconds: 1, step_li: 1}]
  odd:
    editions:
      - prices: [{first_seconds: 3, first_li: 7, step_seconds: 2, step_li: 5}]
tenants:
  demo:
    name: 演示企业
    tariff: by-second
    numbers:
      "4001003722":
        bound: [{number: "13900001111", skip_busy: false}]
  prepaid:
    name: 预付企业
    tariff: odd
    credit_li: 0
    numbers:
      "4001003723":
        bound: [{number: "13900001111", skip_busy: false}]
"""
NUMBER = "4001003722"
PREPAID = "4001003723"
RECHARGED = 80
"""厘 that the prepaid tenant has: enough for a third of his calls, which come one by one."""
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
    box = mortal_box(tmp_path, TENANTS)
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
    box = mortal_box(tmp_path, TENANTS)
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


def priced(seconds: int, first: tuple[int, int], step: tuple[int, int]) -> int:
    """Return what seconds cost, worked out block by block: (seconds of a block, its 厘)."""
    if seconds <= 0:
        return 0
    li, left = first[1], seconds - first[0]
    while left > 0:
        li, left = li + step[1], left - step[0]
    return li


PRICES = {"demo": ((1, 1), (1, 1)), "prepaid": ((3, 7), (2, 5))}


class Deaths:
    """Processes that die at moments that only the traffic tells."""

    def __init__(self, box: Box, carriers: list[Sipp], seed: int) -> None:
        self._box = box
        self._carriers = carriers
        self._random = random.Random(seed)
        self.killed = dict.fromkeys(ROLES, 0)
        self.cuts: list[float] = []
        """When the SIP process died, UTC POSIX seconds."""

    def one(self) -> bool:
        """Let some messages pass, then kill one process; False: the traffic is over."""
        until = self._heard() + self._random.randint(4, 40)
        wait_until(lambda: self._heard() >= until or self._over(), "traffic", 60)
        if self._over():
            return False
        role = self._random.choice(ROLES)
        victims = processes(self._box)[role]
        if victims:
            self.killed[role] += 1
            if role == "b2bua":
                self.cuts.append(time.time())
            self._random.choice(victims).send_signal(signal.SIGKILL)
        return True

    def _heard(self) -> int:
        return sum(len(_MESSAGE.findall(carrier.messages())) for carrier in self._carriers)

    def _over(self) -> bool:
        return not any(carrier.runs for carrier in self._carriers)


def stored(box: Box) -> dict[str, list[CallRecord]]:
    """Return all records by Call-ID: whom a restart reached within his INVITE calls again by the same."""
    database = open_main(DataDirectory(box.data))
    try:
        found = database.read(
            lambda root: [
                record
                for owner in root.records.owners.values()
                for month in owner.months.values()
                for record in month.records()
            ]
        )
    finally:
        database.close()
    by_call: dict[str, list[CallRecord]] = {}
    for record in found:
        by_call.setdefault(record.sip_call_id, []).append(record)
    return by_call


def check_call(records: list[CallRecord], lasted: float, cuts: list[float]) -> None:
    """Compare the one charged record of a call with what sipp counted, and its charge with its seconds."""
    (record,) = [each for each in records if each.answer_ms is not None]
    assert record.tenant is not None
    assert record.charge is not None
    charged = record.access_ms / 1000
    if record.outcome == "cut-by-crash":
        answered = record.start + (record.answer_ms or 0) / 1000
        died = min((at for at in cuts if at >= answered - SLACK), default=answered + lasted)
        assert min(died - answered, lasted) - MARK - SLACK <= charged <= lasted + SLACK, (lasted, record)
    else:
        assert record.outcome in ("answered", "no-balance"), record
        assert abs(charged - lasted) <= SLACK, (lasted, record)
    assert record.charge.li == priced(math.ceil(charged), *PRICES[record.tenant]), record


def test_what_a_dead_sip_process_spent_is_not_spent_again(tmp_path: Path) -> None:
    """The ledger is behind, a call uses up what there was, the SIP process dies: the next call is refused."""
    box = mortal_box(tmp_path, TENANTS)
    told = box.data / "standings.json"
    with box.running():
        box.cli("money", "post", "recharge", "prepaid", "0.007")
        wait_until(lambda: '"balance_li":7' in told.read_text(), "the ledger to tell")
        ledgers = processes(box)["b2bua.ledger"]
        for ledger in ledgers:
            ledger.suspend()
        box.answered_by(PREPAID, "--seconds", "30", status=1)
        kill(box, "b2bua")
        box.call(PREPAID, status=1)
        assert '"balance_li":7' in told.read_text()
        for ledger in ledgers:
            ledger.resume()
        records = box.records("--tenant", "prepaid", count=2)
    assert [record["outcome"] for record in records] == ["no-balance", "no-balance"]
    assert [record["charge"]["li"] for record in records] == [0, 7]


@pytest.mark.long
def test_every_li_is_right_whatever_dies_under_calls(tmp_path: Path) -> None:
    """Processes die at random under calls of two tenants, one of whom has less than his calls would cost.

    Each call that sipp saw answered is charged once, by its seconds; account and records agree with prices
    worked out here; who pays ahead never owes anything, and was cut or turned away.
    """
    box = mortal_box(tmp_path, TENANTS)
    sound = tone_file(tmp_path / "tone.alaw", 440)
    place = box.place
    with box.running():
        box.cli("money", "post", "recharge", "prepaid", f"{RECHARGED / 1000}")
        wait_until(lambda: str(RECHARGED) in (box.data / "standings.json").read_text(), "the ledger to tell")
        with gateway(
            tmp_path / "gw", "gateway_hangs_up", *place.target, sound=sound, calls=1000, seconds=7, limit=300
        ):
            carriers = [
                Sipp(
                    tmp_path / number, "carrier_waits", host=place.carrier, remote=place.sip, service=number,
                    sound=sound, calls=count, rate=rate, limit=200.0,
                )
                for number, count, rate in ((NUMBER, 90, 1.1), (PREPAID, 10, 0.12))
            ]  # fmt: skip
            try:
                deaths = Deaths(box, carriers, seed=400)
                while deaths.one():
                    pass
                for carrier in carriers:
                    carrier.wait(60)
            finally:
                for carrier in carriers:
                    carrier.stop()
        messages = [carrier.messages() for carrier in carriers]
        seconds = counted(messages[0]) | counted(messages[1])
        records: dict[str, list[CallRecord]] = {}

        def complete() -> bool:
            records.clear()
            records.update(stored(box))
            charged = {call for call, each in records.items() if any(r.answer_ms is not None for r in each)}
            return seconds.keys() <= charged

        wait_until(
            complete, "a record of every call", 60, explain=lambda: str(seconds.keys() - records.keys())
        )
        for call, lasted in seconds.items():
            check_call(records[call], lasted, deaths.cuts)
        every = [record for each in records.values() for record in each]
        unheard = [record for record in every if record.access_ms and record.sip_call_id not in seconds]
        assert all(record.access_ms / 1000 <= MARK + SLACK for record in unheard), unheard
        spent = dict.fromkeys(PRICES, 0)
        for record in every:
            spent[record.tenant or ""] += 0 if record.charge is None else record.charge.li
        balances = {each["tenant"]: each["balance_li"] for each in box.json("money", "balances")}
        assert balances == {"demo": -spent["demo"], "prepaid": RECHARGED - spent["prepaid"]}
        assert balances["prepaid"] >= 0
        broke = [record for record in every if record.outcome == "no-balance"]
        assert broke
        in_talk = sum(record.access_ms > 0 for record in broke)
        assert "The books are right." in box.cli("money", "check")
        ends = Counter(record.outcome for record in every)
        print(f"\nkilled {deaths.killed}; {dict(ends)}, {in_talk} of them out of money in mid-call")
        print(f"{sum(seconds.values()):.1f} s counted by sipp; spent {spent}")
