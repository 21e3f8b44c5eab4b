"""``box400 rate``: why a call costs what it costs, and what calls would cost by another tariff."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

from box400.cli.database import main_database
from box400.cli.options import complain, data_option
from box400.cli.table import table
from box400.cli.words import words
from domain.days.calendar import BEIJING, Calendar
from domain.money.amounts import yuan
from domain.money.tariff import CallKind, ChargeLine, Tariff
from domain.money.tariff import rate as rate_call
from storage.data_directory import DataDirectory
from storage.models import PromptInfo, Root
from storage.money.shadow import Shadow, shadow_rate
from storage.provisioning import Configuration, make_plan
from storage.provisioning.reading import read_wishes


@click.command()
@click.argument("tariff")
@click.argument("kind", required=False, type=click.Choice([kind.value for kind in CallKind]))
@click.argument("seconds", required=False, type=click.FloatRange(0, 86400))
@data_option
@click.option("--at", default="", metavar='"2026-11-23 09:30"', help="When it was answered, Beijing time.")
@click.option("--included", default=0, type=click.IntRange(0), help="Included seconds left of the month.")
@click.option("--shadow", metavar="MONTH", help="Rate the calls of a month (2026-11) instead, in shadow.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Where TARIFF is.")
@click.option("--tenant", default="", help="In shadow: of this tenant only, whatever his tariff is.")
def rate(
    tariff: str, kind: str | None, seconds: float | None, data: DataDirectory, at: str, included: int,
    shadow: str | None, file: Path | None, tenant: str,
) -> None:  # fmt: skip
    """Explain what a call costs: TARIFF KIND SECONDS; or what a month's calls would cost.

    With --shadow the calls of that month of the tenants who have TARIFF are rated by it once more, or by the
    one of that name in a provisioning file; what they were charged and would be stands side by side. Nothing
    is changed.

    \b
    Exit status: 0 explained; 1 no such tariff, or no edition in force then; 3 the store is not running.

    \b
    Examples:
      box400 rate standard long-distance 61
      box400 rate standard --shadow 2026-11 --file new-tariffs.yaml
    """
    if shadow is not None:
        _shadow(data, tariff, shadow, file, tenant)
        return
    if kind is None or seconds is None:
        complain(
            "Write TARIFF KIND SECONDS, or --shadow MONTH.", "请写 资费 类别 秒数，或 --shadow 月份。", 2
        )
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=BEIJING) if at else datetime.now(BEIJING)
    except ValueError:
        example = "2026-11-23 09:30"
        complain(f"{at!r} is no moment such as {example}.", f"{at!r} 不是时间，例如 {example}。", 2)
    with main_database(data) as database:
        found, days = database.read(
            lambda root: (
                root.tariffs[tariff].value if tariff in root.tariffs else None,
                root.box.value.calendar,
            )
        )
    if found is None:
        complain(f"There is no tariff {tariff}.", f"没有资费 {tariff}。")
    edition = found.on(moment.date().isoformat())
    if edition is None:
        complain("No edition is in force then.", "该日没有生效的版本。")
    when = Calendar(days).at(moment)
    charge = rate_call(edition, CallKind(kind), when, round(seconds * 1000), included)
    if charge.price is None:
        click.echo(words("No price fits such a call: it is free.", "没有适用的价格：不收费。"))
        return
    for line in charge.lines:
        click.echo(f"  {_told(line)}")
    amount, lasted = yuan(charge.li), charge.seconds
    click.echo(words(f"{amount} yuan for {lasted} s", f"{lasted} 秒，{amount} 元"))


def _shadow(data: DataDirectory, name: str, month: str, file: Path | None, tenant: str) -> None:
    if re.fullmatch(r"20\d{2}-(0[1-9]|1[0-2])", month, re.ASCII) is None:
        complain(f"{month!r} is no month such as 2026-11.", f"{month!r} 不是月份，例如 2026-11。", 2)
    written = None if file is None else _from_file(file, name)

    def read(root: Root) -> list[Shadow]:
        held = root.tariffs.get(name)
        tariff = written or (None if held is None else held.value)
        if tariff is None:
            complain(f"There is no tariff {name}.", f"没有资费 {name}。")
        if tenant and tenant not in root.tenants:
            complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
        chosen = [tenant] if tenant else [
            each for each, found in root.tenants.items() if found.config.value.tariff == name
        ]  # fmt: skip
        return [shadow_rate(root, each, tariff, month.replace("-", "")) for each in chosen]

    with main_database(data) as database:
        found = database.read(read)
    rows = [
        (each.tenant, str(each.calls), yuan(each.charged_li), yuan(each.would_li), yuan(each.difference_li))
        for each in [*found, _sum(found)]
    ]
    head = words(
        ("tenant", "calls", "charged", "would be", "difference"),
        ("租户", "通话次数", "已计费", "新资费", "差额"),
    )
    click.echo(table(head, rows, right=(1, 2, 3, 4)))


def _sum(found: list[Shadow]) -> Shadow:
    return Shadow(
        words("all", "合计"),
        sum(each.calls for each in found),
        sum(each.charged_li for each in found),
        sum(each.would_li for each in found),
    )


class _NoPrompts:
    """A file of tariffs names no audio."""

    def ingest(self, path: Path) -> PromptInfo:
        raise ValueError(path)

    def known(self, address: str) -> PromptInfo | None:
        return None

    def shipped(self) -> dict[str, Path]:
        return {}


def _from_file(file: Path, name: str) -> Tariff:
    """Return a tariff as a provisioning file has it; complains of what is wrong with it."""
    wishes = read_wishes(file.read_bytes(), str(file), file.parent, _NoPrompts())
    plan = make_plan(wishes, Configuration(), prune=False, make_secret=str)
    wrong = [each for each in plan.problems if not each.path or each.path.startswith("tariffs")]
    found = plan.after.tariffs.get(name)
    for problem in wrong:
        click.echo(problem.text(words("en", "zh")), err=True)
    if wrong or found is None:
        complain(f"{file} has no usable tariff {name}.", f"{file} 中没有可用的资费 {name}。")
    return found


def _told(line: ChargeLine) -> str:
    names = {
        "included": ("included", "免费时长"),
        "first": ("first block", "首段"),
        "step": ("further blocks", "后续单元"),
        "minimum": ("up to the least charge", "补足最低收费"),
    }
    if not line.blocks:
        return f"{words(*names[line.what])}: {yuan(line.li)}"
    each = line.seconds // line.blocks
    return f"{words(*names[line.what])}: {line.blocks} × {each} s = {yuan(line.li)}"
