"""Money on a running box: a recharge, calls that are charged, books that are right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from domain.days.calendar import BEIJING
from tests.product.box import Box, Place
from tests.product.waiting import wait_until

CONFIGURATION = """
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
box:
  calendar: {2026-12-15: "holiday 公司日"}
tariffs:
  by-day:
    editions:
      - prices:
          - {hours: [holidays 00:00-24:00], first_seconds: 60, first_li: 20, step_seconds: 60, step_li: 20}
          - {first_seconds: 60, first_li: 100, step_seconds: 60, step_li: 100}
  standard:
    editions:
      - prices:
          - {first_seconds: 6, first_li: 60, step_seconds: 6, step_li: 60}
tenants:
  payer:
    name: 付费企业
    tariff: standard
    numbers:
      "4001003751":
        bound: ["13900001111"]
  prepaid:
    name: 预付企业
    tariff: standard
    credit_li: 0
    numbers:
      "4001003752":
        bound: ["13900001111"]
"""


@pytest.fixture
def paying_box(tmp_path: Path) -> Iterator[Box]:
    """A box with one tenant who pays 0.06 yuan for 6 s."""
    with Box(tmp_path / "data", Place(), CONFIGURATION).running() as running:
        yield running


def test_a_tenant_is_recharged_and_charged_to_the_li(paying_box: Box, tmp_path: Path) -> None:
    """A receipt counts once; a call of seven seconds costs two blocks; the books say why and are right."""
    for _ in range(2):
        told = paying_box.cli("money", "post", "recharge", "payer", "10", "--cause", "receipt-1")
        assert "10.00" in told
    paying_box.answered_by("4001003751", "--seconds", "6.5")
    (record,) = paying_box.records("--tenant", "payer", count=1)
    (call,) = paying_box.json("records", "--tenant", "payer")
    blocks = -(-record["charge"]["seconds"] // 6)
    assert record["charge"]["li"] == call["fee_li"] == blocks * 60
    assert blocks == 2
    balances = {each["tenant"]: each for each in paying_box.json("money", "balances")}
    balance = balances["payer"]
    assert balance["balance_li"] == 10_000 - 120
    assert (balance["today_li"], balance["month_calls"]) == (120, 1)
    (entry,) = paying_box.json("money", "entries", "payer")
    assert (entry["cause"], entry["li"]) == ("recharge:receipt-1", 10_000)
    assert "The books are right." in paying_box.cli("money", "check")
    again = paying_box.try_cli("money", "post", "recharge", "payer", "11", "--cause", "receipt-1")
    assert (again.returncode, "already posted" in again.stderr) == (1, True)


def test_wrong_amounts_are_refused(paying_box: Box) -> None:
    """Nothing reaches the books."""
    for amount in ("0", "-5", "1e3", "1,5"):
        refused = paying_box.try_cli("money", "post", "recharge", "payer", "--", amount)
        assert refused.returncode == 2, amount
    assert paying_box.try_cli("money", "post", "recharge", "nobody", "5").returncode == 1
    assert paying_box.try_cli("money", "post", "adjust", "payer", "--", "-5").returncode == 2
    refused = paying_box.try_cli("money", "post", "recharge", "payer", "-5")
    assert (refused.returncode, "money post adjust payer -5.00 --note" in refused.stderr) == (2, True)
    assert "Waits for a second person" in paying_box.cli(
        "money", "post", "adjust", "payer", "-5", "--note", "line was down"
    )
    assert paying_box.json("money", "entries", "payer") == []


def test_a_charge_is_explained(paying_box: Box) -> None:
    """`box400 rate` says block by block what a call costs."""
    told = paying_box.cli("rate", "standard", "mobile", "61")
    assert "0.66 yuan for 61 s" in told
    assert "further blocks: 10 × 6 s = 0.60" in told
    for day, price in (("2026-12-15", "0.02"), ("2026-12-16", "0.10")):  # the box's own holiday counts
        assert f"{price} yuan" in paying_box.cli("rate", "by-day", "mobile", "5", "--at", f"{day} 10:00")


def test_a_prepaid_tenant_never_owes_anything(paying_box: Box) -> None:
    """Without balance nobody is connected; 0.12 yuan buy two blocks, and the call ends before the third."""
    paying_box.call("4001003752", status=1)
    assert paying_box.records("--tenant", "prepaid", count=1)[0]["outcome"] == "no-balance"
    paying_box.cli("money", "post", "recharge", "prepaid", "0.12")
    wait_until(lambda: "prepaid" in (paying_box.data / "standings.json").read_text(), "the ledger to tell")
    paying_box.answered_by("4001003752", "--seconds", "30", status=1)
    newest = paying_box.records("--tenant", "prepaid", count=2)[0]
    assert (newest["outcome"], newest["hung_up_by"], newest["charge"]["li"]) == ("no-balance", "box", 120)
    assert 9 < newest["access_ms"] / 1000 <= 12
    balances = {each["tenant"]: each["balance_li"] for each in paying_box.json("money", "balances")}
    assert balances["prepaid"] == 0
    assert "The books are right." in paying_box.cli("money", "check")


def test_arrears_stop_calls_and_a_recharge_resumes_them(paying_box: Box, tmp_path: Path) -> None:
    """欠费停机: the caller is told why; the call after the recharge is connected; a refund needs two people.

    What the carrier counted agrees with the records, and rating in shadow tells what a dearer tariff takes.
    """
    paying_box.call("4001003752", status=1)
    turned_away = paying_box.records("--tenant", "prepaid", count=1)[0]
    assert (turned_away["outcome"], turned_away["sip_status"]) == ("no-balance", 403)
    assert any("suspended" in each["detail"] for each in turned_away["timeline"])
    paying_box.cli("money", "post", "recharge", "prepaid", "10")
    wait_until(lambda: _told(paying_box) == 10_000, "the ledger to tell")
    told_at = (paying_box.data / "standings.json").stat().st_mtime
    (entry,) = paying_box.json("money", "entries", "prepaid")
    print(f"\nlimits told {told_at - entry['at_ms'] / 1000:.2f} s after the recharge was asked for")
    paying_box.answered_by("4001003752", "--seconds", "2")
    record = paying_box.records("--tenant", "prepaid", count=2)[0]
    assert (record["outcome"], record["charge"]["li"]) == ("answered", 60)

    asked = paying_box.cli("money", "post", "refund", "prepaid", "9.94", "--note", "leaves").split()[-1]
    assert "may not approve" in paying_box.try_cli("money", "approve", asked).stderr
    assert paying_box.json("money", "balances")[1]["balance_li"] == 9_940
    month = datetime.now(BEIJING).strftime("%Y-%m")
    bill = paying_box.json("money", "statement", "prepaid", month, "--excel", str(tmp_path / "bill.xlsx"))
    assert (bill["closing_li"], bill["numbers"][0][-1]) == (9_940, 60)

    began = datetime.fromtimestamp(record["start"], BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    listed = tmp_path / "carrier.csv"
    line = f"{record['caller']},4001003752,{began},{record['access_ms'] / 1000:.0f}"
    listed.write_text(f"主叫,被叫,开始时间,时长\n{line}\n", encoding="utf-8")
    assert "0 differences" in paying_box.cli("reconcile", str(listed), "--trunk", "demo-carrier")
    listed.write_text(f"主叫,被叫,开始时间,时长\n{line}9\n", encoding="utf-8")
    assert "durations differ" in paying_box.cli("reconcile", str(listed), "--trunk", "demo-carrier", status=1)

    dearer = tmp_path / "dearer.yaml"
    dearer.write_text("tariffs: {standard: {editions: [{prices: [{first_li: 300, step_li: 300}]}]}}\n")
    told = paying_box.cli("rate", "standard", "--shadow", month, "--file", str(dearer))
    assert "0.24" in told
    assert "The books are right." in paying_box.cli("money", "check")


def _told(box: Box) -> int | None:
    """Return the balance of the prepaid tenant as the ledger told the b2bua."""
    path = box.data / "standings.json"
    found = json.loads(path.read_text())["tenants"].get("prepaid") if path.exists() else None
    return None if found is None else int(found["balance_li"])
