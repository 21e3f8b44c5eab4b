"""``box400 records``: what became of the calls."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import Moment as MomentType
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.parts import part_words
from box400.cli.table import printable, table
from box400.cli.words import language, words
from domain import course_words
from domain.calling.caller import CLASS_WORDS, CallerClass
from domain.course_words import moment_words
from domain.money.amounts import yuan
from domain.outcomes import Outcome
from storage.data_directory import DataDirectory
from storage.records.objects import record_object, row_object
from storage.records.query import Filter, Found, every, search
from storage.records.record import CallRecord


@click.command()
@click.argument("call", required=False, metavar="[CALL-ID]")
@data_option
@json_option
@click.option(
    "--xlsx", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx", help="Write Excel."
)
@click.option("--tenant", metavar="ID", help="Only this tenant's; '' for numbers that no tenant owns.")
@click.option("--number", default="", metavar="400...", help="Only calls to this number.")
@click.option("--caller", default="", metavar="NUMBER", help="Only this caller's.")
@click.option("--answerer", default="", metavar="NUMBER", help="Only those this number answered.")
@click.option("--area-code", default="", metavar="CODE", help="Only callers of this area code: 024.")
@click.option("--province", default="", metavar="NAME", help="Only callers of this province: 广东.")
@click.option("--city", default="", metavar="NAME", help="Only callers of this city: 深圳.")
@click.option("--caller-class", type=click.Choice([each.value for each in CallerClass]), help="Only these.")
@click.option("--queue", default="", metavar="NAME", help="Only those who waited in this queue.")
@click.option("--agent", default="", metavar="JOB-NUMBER", help="Only those this agent of a queue served.")
@click.option("--keys", default="", metavar="DIGITS", help="Only those who keyed this first, in menus.")
@click.option("--rating", type=click.IntRange(1, 5), help="Only those rated so.")
@click.option(
    "--outcome", multiple=True, type=click.Choice([each.value for each in Outcome]), help="Only these."
)
@click.option(
    "--since", type=MomentType(), default="1970-01-01", help="Begun at or after: 2026-10-01, today, 90m."
)
@click.option("--until", type=MomentType(), help="Begun before.")
@click.option("--recorded", is_flag=True, help="Only those with a recording.")
@click.option("--limit", type=click.IntRange(0), help="At most so many; 0: all.  [default: 50; --xlsx: all]")
def records(
    call: str | None,
    data: DataDirectory,
    as_json: bool,
    xlsx: Path | None,
    tenant: str | None,
    number: str,
    caller: str,
    answerer: str,
    area_code: str,
    province: str,
    city: str,
    caller_class: str | None,
    queue: str,
    agent: str,
    keys: str,
    rating: int | None,
    outcome: tuple[str, ...],
    since: float,
    until: float | None,
    recorded: bool,
    limit: int | None,
) -> None:
    """List call records, newest first, or show one with its whole course.

    A call is listed within about a second of its end. Times are Beijing time; in JSON, UTC POSIX seconds.

    \b
    Exit status: 0 shown, also when none matches; 1 there is no such call; 3 the store is not running.

    \b
    Examples:
      box400 records --since today --outcome no-answer --outcome busy
      box400 records --number 4001003722 --xlsx october.xlsx --since 2026-10-01 --until 2026-11-01
      box400 records 01M8172EV8WM5RPGMQH3500BQN
    """
    if call is not None:
        _show_one(data, call, as_json)
        return
    wanted = Filter(
        tenant, number, caller, answerer, frozenset(outcome), since, until, recorded,
        area_code=area_code, province=province, city=city, caller_class=caller_class or "",
        queue=queue, job_number=agent, rating=rating, keys=keys,
    )  # fmt: skip
    with main_database(data) as database:
        if xlsx is not None:
            from storage.export.call_records import write_xlsx

            written = write_xlsx(xlsx, islice(every(database, wanted), limit or None))
            click.echo(words(f"{written} calls", f"{written} 条话单"))
            return
        most = 50 if limit is None else limit
        found = database.read(lambda root: list(search(root, wanted, most or None)))
    if as_json:
        click.echo(msgspec.json.encode([row_object(each) for each in found]))
    else:
        _print(found)


def outcome_words(outcome: str) -> str:
    """Return an outcome in the language spoken."""
    return course_words.outcome_words(outcome, language())


def _print(found: Iterable[Found]) -> None:
    head = words(
        (
            "call",
            "start",
            "400 number",
            "caller",
            "area",
            "from",
            "answered by",
            "talk s",
            "yuan",
            "what became of it",
            "rec",
        ),
        ("呼叫", "开始", "400号码", "主叫", "区号", "归属地", "接听", "通话秒", "费用", "结果", "录音"),
    )
    rows = [
        (
            row.id, beijing(row.start_ms / 1000), row.number,
            words("anonymous", "匿名") if row.anonymous else row.caller,
            row.area_code, row.place.name, row.answered_by, f"{row.talk_ms / 1000:.1f}", yuan(row.fee_li),
            outcome_words(row.outcome),
            "*" if row.recorded else "",
        )
        for row in (each.row for each in found)
    ]  # fmt: skip
    click.echo(table(head, rows, right=(7, 8)))


def _show_one(data: DataDirectory, call: str, as_json: bool) -> None:
    with main_database(data) as database:
        record = database.read(lambda root: root.records.find(call))
    if record is None:
        complain(f"There is no record of {call}.", f"没有 {call} 的话单。")
    if as_json:
        sys.stdout.write(msgspec.json.encode(record_object(record)).decode() + "\n")
        return
    click.echo("\n".join(printable(line) for line in _lines(record)))


_HUNG_UP = {"caller": ("caller", "主叫"), "answerer": ("answerer", "接听方"), "box": ("box", "系统")}


def _who_hung_up(by: str) -> str:
    """Say who ended the call (``domain.outcomes.HungUpBy``)."""
    return words(*_HUNG_UP.get(by, (by, by)))


def _caller_line(record: CallRecord) -> str:
    known = record.caller_class in CallerClass._value2member_map_
    kind = words(*CLASS_WORDS[CallerClass(record.caller_class)]) if known else record.caller_class
    place = record.place
    parts = (kind, place.area_code, place.name, place.carrier, record.caller_header)
    return f"{words('caller', '主叫')}: {', '.join(part for part in parts if part) or '-'}"


def _lines(record: CallRecord) -> list[str]:
    way_in = record.trunk_in or record.extension or words("call-back", "回拨")
    lines = [
        f"{record.id}  {beijing(record.start)}",
        f"{record.caller or words('anonymous', '匿名')} -> {record.number or record.called}"
        f"  ({record.tenant or words('no tenant', '无企业')}, {way_in})",
        _caller_line(record),
        f"{outcome_words(record.outcome)}; SIP {record.sip_status}; "
        f"{words('hung up by', '挂机方')}: {_who_hung_up(record.hung_up_by)}",
        f"{words('access', '接入')} {record.access_seconds:.3f} s, {words('talk', '通话')} "
        f"{record.talk_seconds:.3f} s",
    ]
    for moment in record.timeline:
        kind, detail = moment_words(moment.what, moment.detail, language())
        parts = (f"{moment.ms / 1000:9.3f}", kind, moment.leg, detail)
        lines.append("  ".join(part for part in parts if part))
    for one in record.participants:
        times = f"{one.from_ms / 1000:.3f} - {one.until_ms / 1000:.3f}"
        lines.append(f"{one.leg}: {one.who or words('caller', '主叫')} {part_words(one.part)} {times}")
    for media in record.media:
        mos = "" if media.mos is None else f", MOS {media.mos:.1f}"
        text = words(
            "{leg}: {packets_in} in, {packets_out} out, {lost} lost, {strangers} of strangers, "
            "jitter {jitter:.1f} ms",
            "{leg}：收 {packets_in} 包，发 {packets_out} 包，丢 {lost}，陌生来源 {strangers}，"
            "抖动 {jitter:.1f} ms",
        )
        figures = msgspec.structs.asdict(media)
        lines.append(text.format(jitter=media.jitter_ms, **figures) + mos)
    return lines
