"""``box400 reconcile``: compare a carrier's list of calls with the records (对账)."""

from __future__ import annotations

import sys
import time
from getpass import getuser
from pathlib import Path

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from domain.money.reconciliation import (
    DIFFERENCE_WORDS,
    SECONDS_SLACK,
    START_SLACK,
    Reconciled,
    Reconciliation,
    Side,
)
from storage.data_directory import DataDirectory
from storage.money.carrier_file import NAMES, CarrierFileWrong, write_differences
from storage.money.reconciliations import Asked, compare

SHOWN = 50


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trunk", required=True, help="The trunk whose calls the file lists.")
@click.option(
    "--side",
    type=click.Choice([each.value for each in Side]),
    default=Side.INBOUND.value,
    show_default=True,
    help="Calls that it brought, or legs that left by it.",
)
@data_option
@json_option
@click.option("--column", "columns", multiple=True, metavar="NAME=TITLE", help="Title of a column.")
@click.option("--apart", default=START_SLACK, type=click.FloatRange(0, 3600), help="Seconds between starts.")
@click.option("--longer", default=SECONDS_SLACK, type=click.FloatRange(0, 600), help="Seconds of duration.")
@click.option("--excel", type=click.Path(dir_okay=False, path_type=Path), help="Write differences there.")
def reconcile(
    file: Path, trunk: str, side: str, data: DataDirectory, as_json: bool, columns: tuple[str, ...],
    apart: float, longer: float, excel: Path | None,
) -> None:  # fmt: skip
    """Compare a carrier's list of calls (CSV or .xlsx) with the calls that a trunk brought in.

    Columns caller, called, start and seconds are known by their usual titles, or named by --column. Calls are
    the same when caller and number are, and their starts lie no more than --apart seconds from each other;
    legs out when the number rung is. The result is kept (page 对账).

    \b
    Exit status: 0 all agree; 1 something differs, or the file cannot be read; 3 the store is not running.

    \b
    Examples:
      box400 reconcile unicom-202611.xlsx --trunk unicom --excel differences.xlsx
      box400 reconcile unicom-out-202611.csv --trunk unicom --side outbound
    """
    named = dict(each.partition("=")[::2] for each in columns)
    if set(named) - set(NAMES):
        complain(f"Columns are: {', '.join(NAMES)}.", f"可指定的列：{', '.join(NAMES)}。", 2)
    asked = Asked(trunk, Side(side), named, apart, longer)
    with main_database(data) as database:
        try:
            made, found = compare(database, file, file.name, asked, f"command line:{getuser()}", time.time())
        except KeyError:
            complain(f"There is no trunk {trunk}.", f"没有中继 {trunk}。")
        except CarrierFileWrong as error:
            complain(f"{file}: {error.en}.", f"{file}：{error.zh}。")
    if excel is not None:
        try:
            write_differences(excel, found)
        except OSError as error:
            complain(f"{excel} cannot be written: {error}", f"无法写入 {excel}：{error}")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        _tell(made, found)
    sys.exit(1 if found.differences else 0)


def _tell(made: Reconciliation, found: Reconciled) -> None:
    span = f"{beijing(made.first)} - {beijing(made.last)}"
    click.echo(
        words(
            f"{span}: carrier {found.theirs} calls, {found.their_seconds:.0f} s; ours {found.ours} calls, "
            f"{found.our_seconds:.0f} s; {found.matched} matched; {len(found.differences)} differences",
            f"{span}：运营商 {found.theirs} 次 {found.their_seconds:.0f} 秒；我方 {found.ours} 次 "
            f"{found.our_seconds:.0f} 秒；匹配 {found.matched} 次；差异 {len(found.differences)} 处",
        )
    )
    rows = []
    for each in found.differences[:SHOWN]:
        one = each.theirs or each.ours
        assert one is not None
        sides = tuple("-" if side is None else f"{side.seconds:.0f}" for side in (each.theirs, each.ours))
        names = tuple("-" if side is None else side.name for side in (each.theirs, each.ours))
        told = words(*reversed(DIFFERENCE_WORDS[each.kind]))
        rows.append((beijing(one.start), one.caller or "-", one.number, told, *sides, *names))
    head = words(
        ("start", "caller", "number", "difference", "theirs s", "ours s", "line", "call"),
        ("开始时间", "主叫", "400号码", "差异", "运营商秒数", "我方秒数", "行号", "呼叫编号"),
    )
    if rows:
        click.echo(table(head, rows, right=(4, 5)))
    if len(found.differences) > SHOWN:
        more = len(found.differences) - SHOWN
        click.echo(words(f"{more} more: write them with --excel", f"另有 {more} 处，可用 --excel 导出"))
