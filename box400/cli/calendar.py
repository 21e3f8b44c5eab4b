"""``box400 calendar``: which days are worked, and when a schedule is open."""

from __future__ import annotations

from datetime import datetime

import click
import msgspec

from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from domain.days.calendar import BEIJING, Calendar, Day, DayKind
from domain.days.schedule import ALWAYS, DayPreview, Schedule, preview
from domain.days.schedule_text import ScheduleError, hours_text, parse_schedule
from storage.data_directory import DataDirectory
from storage.serving.snapshots import read_box, read_tenants

_KINDS = {
    DayKind.WORKDAY: ("workday", "工作日"),
    DayKind.MAKE_UP: ("worked by 调休", "调休上班"),
    DayKind.WEEKEND: ("weekend", "周末"),
    DayKind.HOLIDAY: ("holiday", "放假"),
}
_WEEKDAYS = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)


@click.command()
@data_option
@json_option
@click.option("--tenant", metavar="ID", help="With this tenant's own days.")
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="First day.  [today]"
)
@click.option("--days", type=click.IntRange(1, 400), default=14, show_default=True, help="How many days.")
@click.option("--open", "lines", multiple=True, metavar="LINE", help="A line of a schedule; may be repeated.")
def calendar(
    data: DataDirectory,
    as_json: bool,
    tenant: str | None,
    first: datetime | None,
    days: int,
    lines: tuple[str, ...],
) -> None:
    """Show the next days as calls are served by them: workday, weekend, holiday, worked by 调休.

    With --open also when such a schedule is open (docs/provisioning.md tells the form of its lines). Years
    that nobody published or entered are plain weekdays; they are marked.

    \b
    Exit status: 0 shown; 1 there is no such tenant, or a line is no schedule.

    \b
    Examples:
      box400 calendar --from 2026-09-28
      box400 calendar --tenant acme --open "workdays 09:00-18:00" --open "holidays 10:00-12:00"
    """
    schedule = _schedule(lines)
    start = first.date() if first is not None else datetime.now(BEIJING).date()
    shown = preview(schedule, start, _calendar(data, tenant), days)
    if as_json:
        click.echo(msgspec.json.encode([_as_object(each, bool(lines)) for each in shown]))
        return
    head = words(("date", "", "day", "name", "open"), ("日期", "", "类型", "名称", "开放时段"))
    closed = words("closed", "关闭")
    rows = [(*_cells(each.day), hours_text(each.open) or closed) for each in shown]
    last = 5 if lines else 4
    click.echo(table(head[:last], [row[:last] for row in rows]))


def _schedule(lines: tuple[str, ...]) -> Schedule:
    try:
        return parse_schedule(lines) if lines else ALWAYS
    except ScheduleError as error:
        complain(error.en, error.zh)


def _calendar(data: DataDirectory, tenant: str | None) -> Calendar:
    found = Calendar(read_box(data).calendar)
    if tenant is None:
        return found
    tenants = read_tenants(data)
    if tenant not in tenants:
        complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
    return found.with_days(tenants[tenant].days)


def _cells(day: Day) -> tuple[str, str, str, str]:
    kind = words(*_KINDS[day.kind])
    unknown = "" if day.known else words(" (holidays not known)", "（节假日未知）")
    return day.date.isoformat(), words(*_WEEKDAYS)[day.date.weekday()], kind + unknown, day.name


def _as_object(each: DayPreview, with_hours: bool) -> dict[str, object]:
    day = each.day
    found: dict[str, object] = {
        "date": day.date, "kind": day.kind, "name": day.name, "works": day.kind.works, "known": day.known,
    }  # fmt: skip
    if with_hours:
        found["open"] = [hours_text((hours,)) for hours in each.open]
    return found
