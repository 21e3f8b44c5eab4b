"""``box400 inspect`` (巡检): is everything as it should be, and who has looked?"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import click
import msgspec

from box400.cli.moment import beijing
from box400.cli.options import NOT_DONE, complain, data_option, json_option
from box400.cli.services import box_services, entry_of
from box400.cli.table import table
from box400.cli.words import language, words
from domain.inspection.catalogue import LAYER_NAMES, Layer, catalogue
from domain.inspection.checks import judge
from domain.inspection.round import Round, State
from domain.inspection.verdict import Result, Verdict, worst
from storage.data_directory import DataDirectory
from webui.presenters.inspection_report import html_of
from webui.services.inspection import machine, rounds
from webui.services.inspection.box_facts import gather
from webui.services.inspection.report import STATES, layer_name, report_of, told
from webui.services.inspection.report_xlsx import write_xlsx

ANSWERS = (State.GOOD, State.FINDING, State.NOT_HERE)


@click.group(invoke_without_command=True)
@data_option
@json_option
@click.option("--keep", is_flag=True, help="Also put the results into the round (a new one, when it is due).")
@click.pass_context
def inspect(context: click.Context, data: DataDirectory, as_json: bool, keep: bool) -> None:
    """Check machine and box, layer by layer; keep rounds in which people look at the rest.

    Without a command: every automatic check, with what it rests on. As root it sees more (firewall, disks,
    accounts), and leaves that for the pages. The appliance does it with --keep each morning.

    \b
    Exit status: 0 nothing is bad; 1 something is; 3 the store is not running.

    \b
    Examples:
      box400 inspect
      box400 inspect begin
      box400 inspect answer fire finding --note "灭火器已过期"
      box400 inspect report inspection.pdf
    """
    if context.invoked_subcommand is not None:
        return
    become_owner(data)
    with box_services(data) as services:
        facts = gather(services)
        if keep:
            rounds.begin_or_check(services, facts, entry_of("inspection-checked"))
    results = {point.id: judge(point.checks, facts) for point in catalogue().values() if point.checks}
    if as_json:
        click.echo(msgspec.json.encode({"facts": facts, "results": results}))
    else:
        _print(results)
    if any(worst(each) is Verdict.BAD for each in results.values()):
        sys.exit(NOT_DONE)


def become_owner(data: DataDirectory) -> None:
    """As root: learn what root alone may, then be the account that owns the data."""
    if os.geteuid() or not data.root.exists():
        return
    machine.keep(data)
    owner = data.root.stat()
    if owner.st_uid:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def _print(results: dict[str, tuple[Result, ...]]) -> None:
    zh = language() == "zh"
    for layer in Layer:
        points = [point for point in catalogue().values() if point.layer is layer and point.id in results]
        if points:
            click.echo(layer_name(layer, zh))
        for point in points:
            click.echo(f"  {point.zh if zh else point.en}")
            for result in results[point.id]:
                click.echo(f"    {told(result, zh)}")


@inspect.command()
@data_option
def begin(data: DataDirectory) -> None:
    """Begin a round: the checks answer their points, technicians the others.

    \b
    Exit status: 0 begun; 1 a round is under way; 3 the store is not running.
    """
    become_owner(data)
    with box_services(data) as services:
        made = rounds.begin(services, gather(services), entry_of("inspection-begun"))
    click.echo(
        words(
            f"Round {made.id}: {made.done} of {len(made.items)} points are answered.",
            f"巡检 {made.id}：共 {len(made.items)} 项，已完成 {made.done} 项。",
        )
    )


@inspect.command()
@click.argument("round_id", metavar="ROUND", default="")
@data_option
@json_option
def show(round_id: str, data: DataDirectory, as_json: bool) -> None:
    """Show a round, the latest if none is named.

    \b
    Exit status: 0 shown; 1 there is none; 3 the store is not running.
    """
    with box_services(data) as services:
        found = rounds.find(services, round_id)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    report = report_of(found, language(), platform.node())
    head = words(
        ("point", "name", "result", "technician", "due", "finding"),
        ("编号", "控制点", "结果", "技术人员", "期限", "发现的问题"),
    )
    rows = [(row.point, row.name, row.result, row.technician, row.due, row.finding) for row in report.rows]
    click.echo("\n".join(f"{name}: {value}" for name, value in report.facts))
    click.echo(table(head, rows))


@inspect.command(name="rounds")
@data_option
@json_option
def rounds_(data: DataDirectory, as_json: bool) -> None:
    """List the rounds, newest first.

    \b
    Exit status: 0 shown; 3 the store is not running.
    """
    with box_services(data) as services:
        found: list[Round] = services.read(lambda root: root.inspection.listed())
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    states = list(State)
    head = words(("id", "begun", "ended"), ("编号", "开始", "结束"))
    rows = [
        (each.id, beijing(each.began), beijing(each.ended) if each.ended else "",
         *(str(each.counts()[state]) for state in states))
        for each in found
    ]  # fmt: skip
    names = [words(STATES[state][1], STATES[state][0]) for state in states]
    click.echo(table((*head, *names), rows, right=range(3, 3 + len(states))))


@inspect.command()
@click.argument("point")
@click.argument("result", type=click.Choice([str(each) for each in ANSWERS]))
@click.option("--note", default="", help="What was found.")
@click.option("--critical", is_flag=True, help="Of a finding: it endangers calls, data or people.")
@data_option
def answer(point: str, result: str, note: str, critical: bool, data: DataDirectory) -> None:
    """Say how a control point is; `inspect show` names the points.

    \b
    Exit status: 0 noted; 1 refused: the text says why; 3 the store is not running.
    """
    with box_services(data) as services:
        entry = entry_of("inspection-answered", point)
        rounds.answer(services, point, State(result), note, entry, critical=critical)


@inspect.command()
@click.argument("point")
@click.argument("remedy")
@data_option
def close(point: str, remedy: str, data: DataDirectory) -> None:
    """Close a finding; REMEDY says what was done.

    \b
    Exit status: 0 closed; 1 refused: the text says why; 3 the store is not running.
    """
    with box_services(data) as services:
        rounds.close(services, point, remedy, entry_of("inspection-closed", point))


@inspect.command()
@click.argument("point")
@click.argument("technician")
@click.option("--due", default="", metavar="DAY", help="By which day: 2026-11-30.")
@data_option
def assign(point: str, technician: str, due: str, data: DataDirectory) -> None:
    """Say who looks at a point.

    \b
    Exit status: 0 noted; 1 refused: the text says why; 3 the store is not running.
    """
    with box_services(data) as services:
        rounds.assign(services, point, technician, due, entry_of("inspection-assigned", point))


@inspect.command()
@click.argument("point")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def photo(point: str, file: Path, data: DataDirectory) -> None:
    """Keep a picture (JPEG, PNG) or a PDF as evidence of a point.

    \b
    Exit status: 0 kept; 1 refused: the text says why; 3 the store is not running.
    """
    with box_services(data) as services:
        entry = entry_of("inspection-photo", point)
        rounds.attach(services, point, file.name, file.read_bytes(), entry)


@inspect.command()
@data_option
def end(data: DataDirectory) -> None:
    """End the round; findings that are open go on in the next one.

    \b
    Exit status: 0 ended; 1 points are not answered yet: the text names them; 3 the store is not running.
    """
    with box_services(data) as services:
        rounds.end(services, entry_of("inspection-ended"))


@inspect.command()
@click.option(
    "--every",
    "every_days",
    type=click.IntRange(0, 366),
    help="Days from a round to the next; 0: no reminder.",
)
@click.option("--within", "days_to_do", type=click.IntRange(1, 366), help="Days that a round may take.")
@click.option(
    "--technician", "named", multiple=True, metavar="LAYER=NAME", help="Who looks at a layer; several times."
)
@data_option
@json_option
def plan(
    every_days: int | None, days_to_do: int | None, named: tuple[str, ...], data: DataDirectory, as_json: bool
) -> None:
    """Show or set how often rounds are made, and who looks.

    \b
    Exit status: 0 done; 1 refused: the text says why; 3 the store is not running.

    \b
    Example:
      box400 inspect plan --every 30 --within 7 --technician physical=李工
    """
    given = dict(each.partition("=")[::2] for each in named)
    unknown = sorted(set(given) - set(Layer))
    if unknown:
        layers = " ".join(Layer)
        complain(
            f"No layer {unknown[0]}; there are: {layers}.", f"没有层面 {unknown[0]}，可用：{layers}。", 2
        )
    with box_services(data) as services:
        held = services.read(lambda root: root.inspection.plan.value)
        wanted = msgspec.structs.replace(
            held,
            every_days=held.every_days if every_days is None else every_days,
            days_to_do=held.days_to_do if days_to_do is None else days_to_do,
            technicians=held.technicians | given,
        )
        if wanted != held:
            rounds.set_plan(services, wanted, entry_of("inspection-plan"))
    if as_json:
        click.echo(msgspec.json.encode(wanted))
        return
    click.echo(
        words(
            f"A round every {wanted.every_days} days, done within {wanted.days_to_do}.",
            f"每 {wanted.every_days} 天巡检一次，{wanted.days_to_do} 天内完成。",
        )
    )
    for layer, name in wanted.technicians.items():
        click.echo(f"  {words(*reversed(LAYER_NAMES[Layer(layer)]))}: {name}")


@inspect.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--round", "round_id", default="", metavar="ROUND", help="Which one.  [default: the latest]")
@data_option
def report(file: Path, round_id: str, data: DataDirectory) -> None:
    """Write the report of a round to FILE: .html, .pdf or .xlsx.

    \b
    Exit status: 0 written; 1 it cannot be; 2 the name says none of these; 3 the store is not running.
    """
    kind = file.suffix.lower()
    if kind not in (".html", ".pdf", ".xlsx"):
        complain("The name must end in .html, .pdf or .xlsx.", "文件名须以 .html、.pdf 或 .xlsx 结尾。", 2)
    # Only now: what writes PDF takes a second of the processor to load.
    from webui.services.inspection.report_pdf import pdf_of

    with box_services(data) as services:
        found = report_of(rounds.find(services, round_id), language(), platform.node())
        read = services.recordings.documents().read
        if kind == ".xlsx":
            write_xlsx(found, file)
        else:
            file.write_bytes(pdf_of(found, read) if kind == ".pdf" else html_of(found, read).encode())
