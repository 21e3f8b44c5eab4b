"""``box400 money``: tenants' accounts; ``box400 rate``: why a call costs what it costs."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import time
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import click
import msgspec

from b2bua.ledger.verify import calls_without_record
from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from domain.days.calendar import BEIJING
from domain.money.amounts import KIND_WORDS, Entry, EntryKind, parse_yuan, yuan
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Account, MoneyRequest, Request, Root
from storage.money.books import problems
from storage.money.finance import Wrong, propose

APPLIED_WITHIN = 5.0
"""Seconds to wait for the ledger, which looks every half second."""
_TO_WISH = {
    "recharge": EntryKind.RECHARGE,
    "gift": EntryKind.GIFT,
    "refund": EntryKind.REFUND,
    "adjust": EntryKind.ADJUSTMENT,
}


_NEGATIVE = re.compile(r"-[0-9]+(?:\.[0-9]*)?")


class Yuan(click.ParamType[int]):
    """An amount in yuan, up to three decimals; becomes 厘."""

    name = "yuan"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return 厘."""
        if isinstance(value, int):
            return value
        try:
            return parse_yuan(value)
        except ValueError:
            self.fail(
                words(
                    f"{value!r} is no amount such as 100 or 12.345", f"{value!r} 不是金额，例如 100 或 12.345"
                )
            )


@click.group()
def money() -> None:
    """Show and change tenants' accounts. Amounts are yuan, to the 厘 (0.001).

    Exit status: that of each command.
    """


@money.command()
@data_option
@json_option
def balances(data: DataDirectory, as_json: bool) -> None:
    """List what every tenant has, today's and this month's calls.

    Exit status: 0 shown; 3 the store is not running.
    """
    day = datetime.now(BEIJING).strftime("%Y%m%d")

    def read(root: Root) -> list[dict[str, Any]]:
        rows = []
        for tenant in sorted({*root.tenants, *root.money.accounts}):
            account = root.money.accounts.get(tenant) or Account()
            config = root.tenants[tenant].config.value if tenant in root.tenants else None
            month = account.month(day[:6])
            rows.append(
                {
                    "tenant": tenant,
                    "tariff": "" if config is None else config.tariff,
                    "balance_li": account.balance_li,
                    "credit_li": None if config is None else config.credit_li,
                    "today_li": account.open_days.get(day, 0),
                    "month_li": month.li,
                    "month_calls": month.calls,
                }
            )
        return rows

    with main_database(data) as database:
        rows = database.read(read)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return
    head = words(
        ("tenant", "tariff", "balance", "credit", "today", "month", "calls"),
        ("租户", "资费", "余额", "信用额度", "今日", "本月", "本月次数"),
    )
    cells = [
        (
            row["tenant"],
            row["tariff"] or "-",
            yuan(row["balance_li"]),
            words("no limit", "不限") if row["credit_li"] is None else yuan(row["credit_li"]),
            yuan(row["today_li"]),
            yuan(row["month_li"]),
            str(row["month_calls"]),
        )
        for row in rows
    ]
    click.echo(table(head, cells, right=(2, 3, 4, 5, 6)))


@money.command()
@click.argument("tenant")
@data_option
@json_option
@click.option("--limit", type=click.IntRange(0), default=50, help="At most so many; 0: all.")
def entries(tenant: str, data: DataDirectory, as_json: bool, limit: int) -> None:
    """List the entries of a tenant's account, newest first.

    Exit status: 0 shown; 1 there is no such tenant; 3 the store is not running.
    """

    def read(root: Root) -> list[Entry] | None:
        account = root.money.accounts.get(tenant)
        if account is None:
            return [] if tenant in root.tenants else None
        return list(islice(account.listed(), limit or None))

    with main_database(data) as database:
        found = database.read(read)
    if found is None:
        complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
    if as_json:
        plain = [msgspec.structs.asdict(entry) for entry in found]
        click.echo(msgspec.json.format(msgspec.json.encode(plain)))
        return
    head = words(
        ("time", "kind", "amount", "after", "cause", "by", "note"),
        ("时间", "类别", "金额", "余额", "事由", "操作人", "备注"),
    )
    cells = [
        (
            beijing(entry.at_ms / 1000),
            words(*reversed(KIND_WORDS[entry.kind])),
            yuan(entry.li),
            yuan(entry.posted_li),
            entry.cause,
            entry.who or "-",
            entry.note,
        )
        for entry in found
    ]
    click.echo(table(head, cells, right=(2, 3)))


class _Amounts(click.Command):
    """A command whose last argument may be a negative amount, which click would take for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such an amount behind --, where it is an argument."""
        negative = [each for each in args if _NEGATIVE.fullmatch(each)]
        if len(negative) == 1 and "--" not in args:
            args = [each for each in args if each not in negative] + ["--", *negative]
        return super().parse_args(ctx, args)


@money.command(cls=_Amounts)
@click.argument("kind", type=click.Choice(list(_TO_WISH)))
@click.argument("tenant")
@click.argument("amount", type=Yuan())
@data_option
@click.option("--note", default="", help="Why; all but a recharge must say so.")
@click.option("--cause", default="", help="Of a recharge: its receipt's number; it is booked once only.")
def post(kind: str, tenant: str, amount: int, data: DataDirectory, note: str, cause: str) -> None:
    """Recharge, give, refund or adjust: KIND TENANT AMOUNT.

    The ledger books a recharge, once for each --cause, also when it was asked twice. The others wait until
    a second person approves them (box400 money approve). Only an adjustment may be negative.

    \b
    Exit status: 0 done, or stored until the ledger runs; 1 not done; 3 the store is not running.

    \b
    Examples:
      box400 money post recharge acme 500 --cause receipt-20261122-01
      box400 money post adjust acme -12.5 --note "line was down"
    """
    if kind != "recharge":
        _propose(data, _TO_WISH[kind], tenant, amount, note)
        return
    if amount <= 0:
        complain(
            "The amount must be above 0. To take money away: "
            f"box400 money post adjust {tenant} {yuan(amount)} --note WHY",
            f"充值金额必须大于 0。要扣减请用：box400 money post adjust {tenant} {yuan(amount)} --note 原因",
            2,
        )
    request = MoneyRequest(
        cause=f"{kind}:{cause or secrets.token_hex(8)}",
        tenant=tenant,
        kind=EntryKind.RECHARGE,
        li=amount,
        at_ms=int(time.time() * 1000),
        note=note,
        who=whoami(),
    )
    with main_database(data) as database:
        if not database.read(lambda root: tenant in root.tenants or tenant in root.money.accounts):
            complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
        earlier = database.transact(lambda root: _wish(root, request), note="money")
        if earlier is not None and earlier.li != request.li:
            complain(
                f"{request.cause} was already posted with {yuan(earlier.li)}.",
                f"{request.cause} 已入账，金额 {yuan(earlier.li)}。",
            )
        applied = _wait(database, request)
    if applied is None:
        click.echo(words("Stored; the ledger will apply it when it runs.", "已保存，待账务进程入账。"))
    else:
        click.echo(words(f"Done. Balance: {yuan(applied)}", f"已入账。余额：{yuan(applied)}"))


def whoami() -> str:
    """Return who runs the command, behind sudo too."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _propose(data: DataDirectory, kind: EntryKind, tenant: str, amount: int, note: str) -> None:
    now = int(time.time() * 1000)
    with main_database(data) as database:
        try:
            asked = database.transact(
                lambda root: propose(root, tenant, kind, amount, note, whoami(), now), note="money proposal"
            )
        except Wrong as error:
            complain(f"{error.en}.", f"{error.zh}。", 1 if error.field == "tenant" else 2)
    click.echo(
        words(
            f"Waits for a second person: box400 money approve {asked.id}",
            f"已提交，待他人审批：box400 money approve {asked.id}",
        )
    )


def _wish(root: Root, request: MoneyRequest) -> Entry | None:
    """Store a request, unless its cause was posted; return the entry it was posted as."""
    account = root.money.accounts.get(request.tenant)
    found: Entry | None = None if account is None else account.find(request.cause)
    if found is None:
        root.money.requests[request.cause] = Request(request)
    return found


def _wait(database: MainDatabase, request: MoneyRequest) -> int | None:
    """Return the balance once the request is an entry, None when the ledger does not answer in time."""

    def read(root: Root) -> tuple[str | None, int | None]:
        account = root.money.accounts.get(request.tenant)
        done = account is not None and account.find(request.cause) is not None
        return root.money.rejected.get(request.cause), account.balance_li if done else None

    until = time.monotonic() + APPLIED_WITHIN
    while True:
        why, balance = database.read(read)
        if why is not None:
            complain(f"The ledger refused it: {why}", f"账务进程拒绝入账：{why}")
        if balance is not None or time.monotonic() > until:
            return balance
        time.sleep(0.1)


@money.command()
@data_option
@click.option(
    "--days", default=31, type=click.IntRange(0, 400), help="Days of which each record is added up."
)
def check(data: DataDirectory, days: int) -> None:
    """Recompute every account, statement and bill, and compare them with the call records and the journal.

    Exit status: 0 the books are right; 1 they are not; 3 the store is not running.
    """

    last = datetime.now(BEIJING)
    first = last - timedelta(days=days)

    def read(root: Root) -> tuple[list[tuple[str, str]], dict[str, int]]:
        return list(problems(root, f"{first:%Y%m%d}", f"{last:%Y%m%d}")), root.money.trial_balance()

    with main_database(data) as database:
        wrong, sums = database.read(read)
        lost = calls_without_record(data.journal, database)
    for name, li in sums.items():
        click.echo(f"{name:24}{yuan(li):>16}")
    for tenant, why in wrong:
        click.echo(f"{tenant}: {why}", err=True)
    for call in lost:
        click.echo(
            words(f"{call}: ended in the journal, no record", f"{call}：日志已结束，但没有话单"), err=True
        )
    if wrong or lost:
        complain("The books are wrong.", "账目不平。")
    click.echo(words("The books are right.", "账目相符。"))
