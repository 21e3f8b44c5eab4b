"""``box400 money``: bills and statements, proposals and their approval, invoices."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.money import Yuan, money, whoami
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from domain.days.calendar import BEIJING
from domain.money.amounts import KIND_WORDS, yuan
from domain.money.approval import Decided, Decision, OwnProposal, Proposal
from domain.money.bill import Statement
from domain.money.invoice import INVOICE_WORDS, Invoice, InvoiceKind, TooMuch, WrongState
from storage.data_directory import DataDirectory
from storage.export.bill import write_bill
from storage.models import Root
from storage.money.bills import days_of, entries_of, month_bill, months_with_bills, statement
from storage.money.finance import (
    Wrong,
    decide,
    invoices,
    issue_invoice,
    proposals,
    refuse_invoice,
    request_invoice,
)

DECISIONS = {
    Decision.WAITING: ("waiting", "待审批"),
    Decision.APPROVED: ("approved", "已批准"),
    Decision.DECLINED: ("declined", "已驳回"),
}


def now_ms() -> int:
    """Return UTC POSIX milliseconds."""
    return int(time.time() * 1000)


def print_json(value: Any) -> None:
    """Print for a program."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)))


# -- bills and statements ----------------------------------------------------------------------------


@money.command()
@click.argument("tenant")
@data_option
@json_option
def bills(tenant: str, data: DataDirectory, as_json: bool) -> None:
    """List a tenant's months: what they began with, what was paid and spent. Closed ones never change.

    Exit status: 0 shown; 3 the store is not running.
    """

    def read(root: Root) -> list[Statement]:
        return [month_bill(root, tenant, month) for month in months_with_bills(root, tenant)]

    with main_database(data) as database:
        found = database.read(read)
    if as_json:
        print_json(found)
        return
    head = words(
        ("month", "began with", "paid in", "spent", "ended with", "state"),
        ("月份", "期初余额", "充值", "消费", "期末余额", "状态"),
    )
    cells = [
        (
            f"{each.first_day[:4]}-{each.first_day[4:6]}",
            yuan(each.opening_li),
            yuan(each.paid_li),
            yuan(each.spent_li),
            yuan(each.closing_li),
            words("closed", "已出账") if each.made_ms else words("open", "未出账"),
        )
        for each in found
    ]
    click.echo(table(head, cells, right=(1, 2, 3, 4)))


@money.command("statement")
@click.argument("tenant")
@click.argument("period")
@data_option
@json_option
@click.option("--excel", type=click.Path(dir_okay=False, path_type=Path), help="Write an Excel file too.")
def statement_of(tenant: str, period: str, data: DataDirectory, as_json: bool, excel: Path | None) -> None:
    """Show the bill of a month (2026-11) or the statement of a day (2026-11-22).

    Exit status: 0 shown; 1 the file cannot be written; 2 no such period; 3 the store is not running.
    """
    month, first, last = _period(period)

    def read(root: Root) -> tuple[Statement, list[Any], str]:
        found = month_bill(root, tenant, month) if month else statement(root, tenant, first, last)
        name = root.tenants[tenant].config.value.name if tenant in root.tenants else tenant
        return found, entries_of(root, tenant, first, last), name

    with main_database(data) as database:
        bill, entries, name = database.read(read)
    if excel is not None:
        try:
            write_bill(excel, name, bill, entries)
        except OSError as error:
            complain(f"{excel} cannot be written: {error}", f"无法写入 {excel}：{error}")
    if as_json:
        print_json(bill)
        return
    rows = [
        (words("began with", "期初余额"), "", yuan(bill.opening_li)),
        *((words(*reversed(KIND_WORDS[line.kind])), str(line.count), yuan(line.li)) for line in bill.lines),
        (words("ended with", "期末余额"), "", yuan(bill.closing_li)),
    ]
    head = words(("item", "count", "amount"), ("项目", "笔数", "金额"))
    click.echo(table(head, rows, right=(1, 2)))
    day_head = words(
        ("day", "calls", "answered", "seconds", "fee"), ("日期", "呼叫", "接通", "通话秒数", "费用")
    )
    days = [
        (use.name, str(use.calls), str(use.answered), f"{use.talk_ms / 1000:.0f}", yuan(use.li))
        for use in bill.days
    ]
    if days:
        click.echo()
        click.echo(table(day_head, days, right=(1, 2, 3, 4)))


def _period(text: str) -> tuple[str, str, str]:
    """Return month (empty: a day was meant), first and last day of what was written."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
            month = f"{datetime.strptime(text, '%Y-%m').replace(tzinfo=BEIJING):%Y%m}"
            return (month, *days_of(month))
        day = f"{datetime.strptime(text, '%Y-%m-%d').replace(tzinfo=BEIJING):%Y%m%d}"
    except ValueError:
        complain(
            f"{text!r} is neither a month such as 2026-11 nor a day such as 2026-11-22.",
            f"{text!r} 不是月份（如 2026-11）或日期（如 2026-11-22）。",
            2,
        )
    return "", day, day


# -- proposals ---------------------------------------------------------------------------------------


@money.command("proposals")
@data_option
@json_option
def proposal_list(data: DataDirectory, as_json: bool) -> None:
    """List adjustments, refunds and gifts that were asked for, those that wait first.

    Exit status: 0 shown; 3 the store is not running.
    """
    with main_database(data) as database:
        found = database.read(proposals)
    if as_json:
        print_json(found)
        return
    head = words(
        ("id", "time", "tenant", "kind", "amount", "state", "asked by", "decided by", "why"),
        ("编号", "时间", "租户", "类别", "金额", "状态", "申请人", "审批人", "原因"),
    )
    click.echo(table(head, [_proposal_row(each) for each in found], right=(4,)))


def _proposal_row(each: Proposal) -> tuple[str, ...]:
    return (
        each.id,
        beijing(each.asked_ms / 1000),
        each.tenant,
        words(*reversed(KIND_WORDS[each.kind])),
        yuan(each.li),
        words(*DECISIONS[each.decision]),
        each.asked_by,
        each.decided_by or "-",
        each.reason,
    )


@money.command()
@click.argument("proposal")
@data_option
def approve(proposal: str, data: DataDirectory) -> None:
    """Approve a proposal of somebody else; the ledger books it.

    Exit status: 0 approved; 1 not: unknown, decided already, or one's own; 3 the store is not running.
    """
    _decide(data, proposal, True, "")
    click.echo(words("Approved; the ledger books it within seconds.", "已批准，账务进程数秒内入账。"))


@money.command()
@click.argument("proposal")
@data_option
@click.option("--remark", default="", help="Why.")
def decline(proposal: str, data: DataDirectory, remark: str) -> None:
    """Decline a proposal, or take one's own back.

    Exit status: 0 declined; 1 not: unknown or decided already; 3 the store is not running.
    """
    _decide(data, proposal, False, remark)
    click.echo(words("Declined.", "已驳回。"))


def _decide(data: DataDirectory, name: str, approved: bool, remark: str) -> None:
    who, at = whoami(), now_ms()
    with main_database(data) as database:
        try:
            database.transact(
                lambda root: decide(root, name, approved, who, at, remark), note="money decision"
            )
        except KeyError:
            complain(f"There is no proposal {name}.", f"没有申请 {name}。")
        except Decided as error:
            complain(f"{error} decided it already.", f"{error} 已处理。")
        except OwnProposal:
            complain("Who asked may not approve.", "申请人不能审批自己的申请。")
        except Wrong as error:
            complain(f"{error.en}.", f"{error.zh}。")


# -- invoices ----------------------------------------------------------------------------------------


@money.group()
def invoice() -> None:
    """Request, issue and list invoices.

    Exit status: that of each command.
    """


@invoice.command("list")
@data_option
@json_option
@click.option("--tenant", default="", help="Of this tenant only.")
def invoice_list(data: DataDirectory, as_json: bool, tenant: str) -> None:
    """List invoices, the newest first.

    Exit status: 0 shown; 3 the store is not running.
    """
    with main_database(data) as database:
        found = database.read(lambda root: invoices(root, tenant))
    if as_json:
        print_json(found)
        return
    head = words(
        ("id", "time", "tenant", "title", "amount", "state", "number", "remark"),
        ("编号", "时间", "租户", "抬头", "金额", "状态", "发票号码", "备注"),
    )
    rows = [
        (
            each.id,
            beijing(each.asked_ms / 1000),
            each.tenant,
            each.title,
            yuan(each.li),
            words(*reversed(INVOICE_WORDS[each.state])),
            each.number or "-",
            each.remark,
        )
        for each in found
    ]
    click.echo(table(head, rows, right=(4,)))


@invoice.command("request")
@click.argument("tenant")
@click.argument("amount", type=Yuan())
@data_option
@click.option("--title", required=True, help="Whom it is made out to.")
@click.option("--tax-number", default="", help="Taxpayer's number; a special invoice needs it.")
@click.option("--special", is_flag=True, help="A special VAT invoice instead of an ordinary one.")
@click.option("--email", default="", help="Where it is sent.")
def invoice_request(
    tenant: str, amount: int, data: DataDirectory, title: str, tax_number: str, special: bool, email: str
) -> None:
    """Ask for an invoice: TENANT AMOUNT; at most what was paid and has none.

    Exit status: 0 stored; 1 not; 3 the store is not running.
    """
    kind, at = InvoiceKind.SPECIAL if special else InvoiceKind.ORDINARY, now_ms()

    def work(root: Root) -> Invoice:
        return request_invoice(root, tenant, kind, title, tax_number, amount, email, whoami(), at)

    with main_database(data) as database:
        try:
            made = database.transact(work, note="invoice")
        except Wrong as error:
            complain(f"{error.field}: {error.en}.", f"{error.zh}。")
        except TooMuch as error:
            most = yuan(error.most_li)
            complain(f"At most {most} can be invoiced.", f"可开票金额最多为 {most}。")
    click.echo(words(f"Stored: {made.id}", f"已提交：{made.id}"))


@invoice.command("issue")
@click.argument("name", metavar="ID")
@click.argument("number")
@data_option
def invoice_issue(name: str, number: str, data: DataDirectory) -> None:
    """Note that an invoice was issued: ID NUMBER.

    Exit status: 0 noted; 1 not: unknown, not waiting, or a number used before; 3 the store is not running.
    """
    _on_invoice(data, lambda root: issue_invoice(root, name, number, whoami(), now_ms()))
    click.echo(words("Issued.", "已登记开票。"))


@invoice.command("refuse")
@click.argument("name", metavar="ID")
@data_option
@click.option("--why", required=True, help="Why.")
def invoice_refuse(name: str, data: DataDirectory, why: str) -> None:
    """Decline an invoice that waits, or note that an issued one was taken back: ID.

    Exit status: 0 noted; 1 not: unknown, or neither; 3 the store is not running.
    """
    _on_invoice(data, lambda root: refuse_invoice(root, name, why, whoami(), now_ms()))
    click.echo(words("Noted.", "已登记。"))


def _on_invoice(data: DataDirectory, work: Any) -> None:
    with main_database(data) as database:
        try:
            database.transact(work, note="invoice")
        except KeyError as error:
            complain(f"There is no invoice {error}.", f"没有发票申请 {error}。")
        except WrongState as error:
            complain(f"It is {error} already.", f"当前状态不允许：{INVOICE_WORDS[error.args[0]][0]}。")
        except Wrong as error:
            complain(f"{error.en}.", f"{error.zh}。")
