"""``box400 flow``: voice menus of tenants."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from b2bua.recorder import voice
from box400.cli import flow_change
from box400.cli.flow_documents import document_of, json_of, read, read_file, refuse
from box400.cli.moment import beijing
from box400.cli.options import data_option, json_option
from box400.cli.table import printable, table
from box400.cli.words import language, words
from domain.calling.caller import canonical_caller
from domain.calling.facts import facts_of
from domain.days.calendar import BEIJING, Calendar
from domain.flow.simulation import Course, simulate
from domain.flow.steps import Surroundings
from domain.flow.words import step_words
from domain.outcomes import VERDICTS, Outcome
from domain.places.places import shipped_places
from domain.places.regions import regions_with
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.provisioning import read_configuration
from storage.provisioning.flow_world import FlowWorld
from storage.voice import flows

NOT_IN_FORCE = 4

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


@click.group()
def flow() -> None:
    """Draft, check, publish and take back voice menus (语音导航).

    A flow is a JSON document (docs/flows.md, docs/flow-schema.json); numbers, groups and other flows send
    calls to it as flow:NAME. What is published holds from the next call on; calls in progress keep their
    version.
    """


for _command in (flow_change.draft, flow_change.publish, flow_change.rollback, flow_change.remove):
    flow.add_command(_command)


@flow.command("list")
@click.argument("tenant", required=False, metavar="[TENANT]")
@data_option
@json_option
def list_(tenant: str | None, data: DataDirectory, as_json: bool) -> None:
    """List the flows of a tenant, or of all.

    \b
    Exit status: 0 listed; 1 there is no such tenant; 3 the store is not running.
    """

    def work(root: Root) -> dict[str, list[flows.FlowState]]:
        names = list(root.tenants) if tenant is None else [tenant]
        return {name: flows.flows(root, name) for name in names}

    found = read(data, work)
    if as_json:
        rows = [{"tenant": name, **_told(each)} for name, own in found.items() for each in own]
        click.echo(msgspec.json.encode(rows))
        return
    head = words(
        ("tenant", "flow", "title", "in force", "nodes", "published", "by", "draft"),
        ("租户", "导航", "名称", "使用版本", "节点", "发布时间", "发布者", "草稿"),
    )
    lines = [_row(name, each) for name, own in found.items() for each in own]
    if lines:
        click.echo(table(head, lines, right=(3, 4)))
    else:
        click.echo(words("No flows.", "没有语音导航。"))


def _row(tenant: str, state: flows.FlowState) -> tuple[str, ...]:
    published, draft = state.published, state.draft
    version = next((v for v in state.versions if published and v.version == published.version), None)
    title = published.title if published else draft.document.title if draft else ""
    return (
        tenant, state.name, title, str(published.version) if published else "-",
        str(len(published.nodes)) if published else "-", beijing(version.at) if version else "-",
        version.by if version else "-", f"{beijing(draft.at)} {draft.by}" if draft else "-",
    )  # fmt: skip


def _told(state: flows.FlowState) -> dict[str, Any]:
    return {
        "flow": state.name,
        "version": state.published.version if state.published else 0,
        "draft": {"at": state.draft.at, "by": state.draft.by} if state.draft else None,
        "versions": [
            {"version": each.version, "at": each.at, "by": each.by, "note": each.note}
            for each in state.versions
        ],
    }


@flow.command()
@click.argument("tenant")
@click.argument("name")
@data_option
@json_option
def versions(tenant: str, name: str, data: DataDirectory, as_json: bool) -> None:
    """List every version of a flow: when, by whom, why.

    \b
    Exit status: 0 listed; 1 there is no such flow; 3 the store is not running.
    """
    state = read(data, lambda root: flows.flow(root, tenant, name))
    if as_json:
        click.echo(msgspec.json.encode(_told(state)))
        return
    current = state.published.version if state.published else 0
    head = words(("version", "", "published", "by", "note"), ("版本", "", "发布时间", "发布者", "说明"))
    mark = words("in force", "使用中")
    rows = [
        (str(each.version), mark if each.version == current else "", beijing(each.at), each.by, each.note)
        for each in state.versions
    ]
    click.echo(table(head, rows, right=(0,)))


@flow.command()
@click.argument("tenant")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), metavar="N", help="An earlier version.")
@click.option("--draft", is_flag=True, help="The draft.")
@data_option
def show(tenant: str, name: str, version: int | None, draft: bool, data: DataDirectory) -> None:
    """Print a flow as JSON: what is in force, a version, or the draft.

    \b
    Exit status: 0 printed; 1 there is no such flow; 3 the store is not running.
    """
    click.echo(json_of(document_of(data, tenant, name, version, draft)))


@flow.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="[FILE.json]")  # fmt: skip
@data_option
@json_option
def check(tenant: str, name: str, file: Path | None, data: DataDirectory, as_json: bool) -> None:
    """Say all that keeps FILE.json, or else the draft, from being published as flow NAME.

    \b
    Exit status: 0 it could be published; 1 not: each line names a node and the remedy; 3 the store is not
    running.
    """
    document = document_of(data, tenant, name, None, draft=True) if file is None else read_file(file)
    shipped = list(voice.WORDS)
    problems = read(data, lambda root: flows.problems_of(root, tenant, name, document, shipped))
    if as_json:
        told = [{"node": p.node, "code": p.code, "en": p.text("en"), "zh": p.text("zh")} for p in problems]
        click.echo(msgspec.json.encode(told))
    if problems:
        refuse(problems)
    if not as_json:
        click.echo(words("Nothing is wrong.", "没有问题。"))


@flow.command("try")
@click.argument("tenant")
@click.argument("name")
@click.option("--keys", default="", metavar="KEYS", help="Keys the caller presses, such as 12#.")
@click.option("--caller", default="13800138000", show_default=True, help="Who calls.")
@click.option("--at", "moment", metavar="'YYYY-MM-DD HH:MM'", help="When, in Beijing time.  [default: now]")
@click.option(
    "--turn",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Which of each hundred callers it is, at nodes that divide by percentage.",
)
@click.option("--draft", is_flag=True, help="The draft instead of what is in force.")
@data_option
@json_option
def try_(
    tenant: str, name: str, keys: str, caller: str, moment: str | None, turn: int, draft: bool,
    data: DataDirectory, as_json: bool,
) -> None:  # fmt: skip
    """Walk a flow without a call: which nodes, which prompts, where to. Web servers are not asked.

    \b
    Exit status: 0 walked; 1 there is no such flow; 3 the store is not running.

    \b
    Example:
      box400 flow try acme main --keys 1 --caller 02412345678 --at '2026-10-10 09:30'
    """
    if not re.fullmatch(r"[0-9*#]*", keys):
        raise click.BadParameter("0 to 9, * and # only", param_hint="--keys")
    document = document_of(data, tenant, name, None, draft)
    configuration = read(data, read_configuration)
    days = configuration.tenants[tenant].days
    calendar = Calendar(configuration.box.calendar).with_days(days)
    who = canonical_caller(caller)
    regions = regions_with(configuration.box.region_groups)
    facts = facts_of(who, shipped_places(), regions, calendar, _moment(moment))
    around = Surroundings(
        when=facts.when, flow=name, caller=who.canonical, place=facts.place, region=facts.region,
        dial=FlowWorld(configuration, tenant, ()).dial, turns=dict.fromkeys(document.nodes, turn - 1),
    )  # fmt: skip
    names = {address: info.name for address, info in configuration.prompts.items()}
    _print_course(simulate(document, around, keys), names, as_json)


def _print_course(course: Course, names: dict[str, str], as_json: bool) -> None:
    if as_json:
        steps = [{"step": note.name, "detail": note.detail} for note in course.notes]
        click.echo(msgspec.json.encode({"steps": steps, "end": str(course.end)}))
        return
    for note in course.notes:
        detail = " ".join(names.get(word, word) for word in note.detail.split(" "))
        click.echo(printable(step_words(note.name, detail, language()) or f"{note.name} {detail}"))
    end = course.end
    told = words(VERDICTS[end].en, VERDICTS[end].zh) if isinstance(end, Outcome) else str(end)
    click.echo("=> " + told)


def _moment(text: str | None) -> float | datetime:
    if text is None:
        return time.time()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no time such as 2026-10-10 09:30", param_hint="--at"
        ) from error
