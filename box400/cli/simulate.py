"""``box400 simulate``: who would answer a call, and why."""

from __future__ import annotations

import time
from typing import Any

import click
import msgspec

from box400.cli.moment import Moment
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import printable
from box400.cli.words import language, words
from domain.calling.caller import canonical_caller
from domain.calling.facts import CallerFacts
from domain.outcomes import VERDICTS
from domain.routing.live import NothingLive
from domain.routing.reasons import Reason, explain
from domain.routing.simulate import Simulation
from domain.routing.simulate import simulate as simulated
from domain.snapshot import BoundNumber, NumberPlan, TenantSnapshot
from storage.data_directory import DataDirectory
from storage.serving.facts import read_facts
from storage.serving.snapshots import read_tenants


@click.command()
@click.argument("number", metavar="NUMBER")
@click.option("--from", "caller", default="", metavar="CALLER", help="Who calls; left out: withheld.")
@click.option(
    "--at", "moment", type=Moment(), help="When, in Beijing time: '2026-10-10 09:30'.  [default: now]"
)
@data_option
@json_option
def simulate(number: str, caller: str, moment: float | None, data: DataDirectory, as_json: bool) -> None:
    """Say where a call to a 400 number would go, whose phones would ring in which order, and why.

    The configuration in force decides, by the same rules as for real calls; the box need not run. Nobody is
    taken to talk, and it is everybody's first turn.

    \b
    Exit status: 0 told; 1 no tenant of this box has the number.

    \b
    Examples:
      box400 simulate 4001003721 --from 02461234567 --at "2026-10-10 09:30"
      box400 --lang zh simulate 4001003721 --from 13900001111
    """
    tenants = read_tenants(data)
    found = _find(tenants, number)
    if found is None:
        complain(
            f"No tenant of {data.root} has the number {number}.", f"{data.root} 没有租户拥有号码 {number}。"
        )
    tenant, plan = found
    at = time.time() if moment is None else moment
    facts = read_facts(data).of(canonical_caller(caller), tenant.id, at)
    result = simulated(tenant, plan, facts, NothingLive())
    if as_json:
        click.echo(msgspec.json.encode(_as_object(tenant, plan, facts, result)))
    else:
        click.echo("\n".join(printable(line) for line in _lines(result)))


def _find(tenants: dict[str, TenantSnapshot], number: str) -> tuple[TenantSnapshot, NumberPlan] | None:
    for tenant in tenants.values():
        for plan in tenant.numbers:
            if plan.number == number:
                return tenant, plan
    return None


def _lines(result: Simulation) -> list[str]:
    lines = [explain(result.reasons, language())]
    last = result.decisions[-1]
    if last.refusal is not None:
        verdict = VERDICTS[last.refusal]
        lines.append(words(f"turned away: {verdict.en}", f"不予接通：{verdict.zh}"))
    if result.phones is not None:
        head = words("phones, each round {seconds:g} s:", "振铃顺序（每轮 {seconds:g} 秒）：")
        lines.append(head.format(seconds=result.ring_seconds))
        for index, batch in enumerate(result.phones.rounds, 1):
            lines.append(f"  {index}. " + ", ".join(_phone(target) for target in batch))
    for numbers, head in (
        (result.when_busy, words("on busy: ", "遇忙前转：")),
        (result.when_no_answer, words("on no answer: ", "无应答前转：")),
    ):
        if numbers:
            lines.append(head + ", ".join(_phone(target) for target in numbers))
    if result.otherwise is not None:
        then = explain((Reason("to", {"to": str(result.otherwise)}),), language())
        lines.append(words("when nobody answers: ", "均未接听：") + then)
    return lines


def _phone(target: BoundNumber) -> str:
    told = [target.number]
    if target.label:
        told.append(target.label)
    if target.confirm_seconds:
        told.append(words("press 1 to accept", "按 1 接听"))
    return " ".join(told)


def _as_object(
    tenant: TenantSnapshot, plan: NumberPlan, facts: CallerFacts, result: Simulation
) -> dict[str, Any]:
    last = result.decisions[-1]
    return {
        "tenant": tenant.id,
        "number": plan.number,
        "caller": facts.caller.canonical,
        "caller_class": facts.kind,
        "area_code": facts.place.area_code,
        "province": facts.place.province,
        "city": facts.place.city,
        "region": facts.region,
        "at": facts.when.at.isoformat(),
        "day": facts.when.today.kind,
        "to": None if result.to is None else str(result.to),
        "refusal": last.refusal,
        "needs_pin": any(decision.needs_pin for decision in result.decisions),
        "vip": result.decisions[0].vip,
        "rounds": None
        if result.phones is None
        else [[_target(each) for each in batch] for batch in result.phones.rounds],
        "ring_seconds": result.ring_seconds,
        "when_busy": [_target(each) for each in result.when_busy],
        "when_no_answer": [_target(each) for each in result.when_no_answer],
        "otherwise": None if result.otherwise is None else str(result.otherwise),
        "reasons": [
            {"code": each.code, "facts": each.facts, "en": each.text("en"), "zh": each.text("zh")}
            for each in result.reasons
        ],
        "explanation": {"en": explain(result.reasons, "en"), "zh": explain(result.reasons, "zh")},
    }


def _target(target: BoundNumber) -> dict[str, Any]:
    return {
        "number": target.number, "kind": target.kind, "label": target.label, "job_number": target.job_number,
        "confirm_seconds": target.confirm_seconds,
    }  # fmt: skip
