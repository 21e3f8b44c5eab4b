"""``box400 places``: where numbers are from, and newer data for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click
import msgspec

from b2bua.control import ControlClient, ControlDown, ControlFailed, InForce, Reload
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import printable, table
from box400.cli.words import words
from domain.calling.caller import CLASS_WORDS, CallerRules, canonical_caller
from domain.places.tables import MOST_PROBLEMS, CsvProblem, TableRefused
from storage.data_directory import DataDirectory
from storage.serving.facts import read_facts
from storage.serving.places import (
    TableInfo,
    TableKind,
    forget_table,
    import_table,
    tables_in_use,
    text_of,
)

MOST_BYTES = 64 * 1024 * 1024
RELOAD_SECONDS = 30.0
T = TypeVar("T")
_KINDS = {
    TableKind.AREA_CODES: ("area codes", "区号"),
    TableKind.MOBILE_SEGMENTS: ("mobile segments", "手机号段"),
}
_ORIGINS = {"shipped": ("shipped", "自带"), "imported": ("imported", "导入")}


@click.group()
def places() -> None:
    """Show where numbers are from, and import newer area codes and mobile segments.

    Data come with the box; imported tables win over them. docs/places.md tells the form of a table.

    \b
    Examples:
      box400 places find 13900001111
      box400 places import segments-2026-11.csv
      box400 places show
    """


@places.command()
@data_option
@json_option
def show(data: DataDirectory, as_json: bool) -> None:
    """Show which data are in use: origin, date and number of rows; what stands first wins.

    \b
    Exit status: 0 shown; 1 an imported table is damaged.
    """
    tables = _explained(lambda: tables_in_use(data))
    if as_json:
        click.echo(msgspec.json.encode(tables))
        return
    head = words(("data", "origin", "date", "rows"), ("数据", "来源", "日期", "条数"))
    rows = [
        (words(*_KINDS[each.kind]), words(*_ORIGINS[each.origin]), each.date, str(each.count))
        for each in tables
    ]
    click.echo(table(head, rows, right=(3,)))


@places.command()
@click.argument("number")
@data_option
@json_option
@click.option("--restore-zero", is_flag=True, help="As of a trunk that drops the 0 of area codes.")
def find(number: str, data: DataDirectory, as_json: bool, restore_zero: bool) -> None:
    """Show what is known of a caller's NUMBER, written in any way a trunk may write it.

    Unknown is an answer like others: the exit status is 0.

    \b
    Examples:
      box400 places find 01061234567
      box400 places find 1061234567 --restore-zero
    """
    caller = canonical_caller(number, CallerRules(restore_zero=restore_zero))
    facts = _explained(lambda: read_facts(data)).of(caller, None, time.time())
    place, region = facts.place, facts.region
    if as_json:
        found = {
            "number": caller.canonical, "class": caller.kind.value, "area_code": place.area_code,
            "province": place.province, "city": place.city, "carrier": place.carrier, "region": region,
        }  # fmt: skip
        click.echo(msgspec.json.encode(found))
        return
    unknown = words("unknown", "未知")
    rows = [
        (words("number", "号码"), caller.canonical),
        (words("class", "类型"), words(*CLASS_WORDS[caller.kind])),
        (words("area code", "区号"), place.area_code),
        (words("province", "省份"), place.province),
        (words("city", "城市"), place.city),
        (words("carrier", "运营商"), place.carrier),
        (words("region", "大区"), region),
    ]
    click.echo("\n".join(printable(f"{name}: {value or unknown}") for name, value in rows))


@places.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv")
@data_option
@json_option
def import_(file: Path, data: DataDirectory, as_json: bool) -> None:
    """Import a table of area codes or of mobile segments; it takes the place of one imported before.

    With anything wrong in the file nothing is imported.

    \b
    Exit status:
      0  imported, and in force for calls from now on if the box runs
      1  the file is wrong: each line on standard error names line, field and remedy
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        complain(f"{file} cannot be read: {why}", f"无法读取 {file}：{why}")
    if len(raw) > MOST_BYTES:
        complain(f"{file} is larger than 64 MiB.", f"{file} 超过 64 MiB。")
    try:
        info = import_table(data, text_of(raw))
    except TableRefused as error:
        _refuse(file, error.problems, as_json)
    _tell(info, _in_force(data), as_json)


@places.command()
@click.argument("kind", type=click.Choice([each.value for each in TableKind]))
@data_option
def forget(kind: str, data: DataDirectory) -> None:
    """Go back to the shipped data of a KIND.

    \b
    Exit status: 0 done; 1 nothing of that kind was imported.
    """
    if not forget_table(data, TableKind(kind)):
        complain("Nothing of that kind was imported.", "没有导入过此类数据。")
    _in_force(data)
    click.echo(words("The shipped data are used again.", "已恢复使用自带数据。"))


def _explained(read: Callable[[], T]) -> T:
    """Say which imported table is damaged, and what to do."""
    try:
        return read()
    except (OSError, ValueError) as error:
        complain(
            f"An imported table is damaged ({error}): import it again, or box400 places forget KIND.",
            f"导入的数据已损坏（{error}）：请重新导入，或执行 box400 places forget。",
        )


def _refuse(file: Path, problems: list[CsvProblem], as_json: bool) -> NoReturn:
    if as_json:
        click.echo(msgspec.json.encode({"problems": problems}))
    for each in problems:
        field = f" {each.field}:" if each.field else ""
        click.echo(printable(f"{file}:{each.line}:{field} {words(each.en, each.zh)}"), err=True)
    if len(problems) == MOST_PROBLEMS:
        click.echo(words("... and perhaps more", "……可能还有更多"), err=True)
    complain("Nothing was imported.", "未导入任何内容。")


def _tell(info: TableInfo, in_force: bool, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({"table": info, "in_force": in_force}))
        return
    kind = words(*_KINDS[info.kind])
    click.echo(
        words(
            f"{info.count} {kind} of {info.date} imported.", f"已导入 {info.date} 的{kind} {info.count} 条。"
        )
    )
    if not in_force:
        click.echo(words("They are used when the box starts.", "将在系统启动后使用。"))


def _in_force(data: DataDirectory) -> bool:
    """Let a running box use what is there now; False when none runs."""
    try:
        with ControlClient(data.control_socket, timeout=RELOAD_SECONDS) as client:
            versions = client.ask(Reload(), InForce)
    except (ControlDown, ControlFailed):
        return False
    return not versions.errors
