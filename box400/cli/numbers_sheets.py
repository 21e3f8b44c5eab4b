"""``box400 numbers import``, ``export``, ``template``: numbers as Excel files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.numbers_search import no_pattern, search_options, wanted_of
from box400.cli.options import complain, data_option, json_option
from box400.cli.services import box_services, entry_of
from box400.cli.words import language, words
from domain.numbers.lifecycle import NumberCard
from domain.numbers.numbering import NumberBook
from domain.numbers.vanity import PatternError
from storage.data_directory import DataDirectory
from storage.export.workbook_read import WorkbookRefused
from storage.models import Root
from storage.numbers.sheets import NUMBER, import_numbers, write_numbers, write_result, write_template
from webui.services.numbers import find


def add_sheet_commands(group: click.Group) -> None:
    """Add the commands to ``box400 numbers``."""
    for command in (import_, export, template):
        group.add_command(command)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.xlsx")
@data_option
@json_option
@click.option("--result", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx",
              help="Where the file with each row's result goes; by default FILE-result.xlsx.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def import_(file: Path, data: DataDirectory, as_json: bool, result: Path | None, dry_run: bool) -> None:
    """Take the numbers of FILE.xlsx into stock; rows that are wrong say why in the file written back.

    The column 400号码 is needed; 分类（手工指定）, 最低消费（元/月）, 选号费（元）, 预存话费（元）, 备注 may
    be there (`box400 numbers template`). Rows that are right are taken; put the others right and again.

    \b
    Exit status: 0 all rows taken; 1 some are wrong, or the file is none; 3 the store is not running.
    """
    entry = entry_of("numbers-imported", file.name)

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty() and of > 1000:
            click.echo(f"\r{done}/{of}", nl=done == of, err=True)

    with box_services(data) as services:
        try:
            done = import_numbers(
                services.database, file.read_bytes(), at=services.now(), by=entry.who,
                dry_run=dry_run, progress=progress,
            )  # fmt: skip
        except WorkbookRefused as error:
            complain(f"{file}: {error.en}", f"{file}：{error.zh}")
        if not dry_run:
            services.audit(msgspec.structs.replace(entry, after=f"+{done.new} ~{done.changed} !{done.wrong}"))
    if result is None and done.wrong:
        result = file.with_name(f"{file.stem}-result.xlsx")
    if result is not None:
        write_result(result, done, language())
    if as_json:
        lines = [
            {"row": line.row.line, "ok": line.ok, "text": words(line.en, line.zh)}
            for line in done.lines
            if not line.ok
        ]
        told = {"new": done.new, "changed": done.changed, "wrong": done.wrong, "rows": len(done.lines)}
        click.echo(msgspec.json.encode({**told, "problems": lines, "result": str(result or "")}))
    else:
        new, changed, wrong = done.new, done.changed, done.wrong
        click.echo(
            words(f"{new} new, {changed} changed, {wrong} wrong", f"新增 {new}，更新 {changed}，有误 {wrong}")
        )
    for line in done.lines:
        for each in line.doubts:
            click.echo(f"{line.row.cells[NUMBER]}: {words(each.en, each.zh)}", err=True)
    if done.wrong:
        complain(f"See {result}.", f"详见 {result}。")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx")
@search_options
@data_option
def export(file: Path, data: DataDirectory, **given: Any) -> None:
    """Write numbers to FILE.xlsx; it can be changed and imported again.

    \b
    Exit status: 0 written; 2 no pattern; 3 the store is not running.

    \b
    Example:
      box400 numbers export stock.xlsx --state in-stock
    """
    wanted = wanted_of(given)

    def read(root: Root) -> tuple[list[NumberCard], NumberBook]:
        return find(root, wanted, 1_000_000).cards, NumberBook(root.box.value.numbering)

    with main_database(data) as database:
        try:
            cards, book = database.read(read)
        except PatternError as error:
            no_pattern(error)
    count = write_numbers(file, cards, book)
    click.echo(words(f"{count} numbers in {file}", f"{file}：{count} 个号码"))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx")
def template(file: Path) -> None:
    """Write an empty FILE.xlsx with the columns of an import.

    Exit status: 0 written.
    """
    write_template(file)
