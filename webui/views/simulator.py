"""模拟来电: who would answer a call, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyramid.request import Request

from domain.outcomes import VERDICTS
from domain.routing.reasons import explain
from domain.routing.simulate import Simulation
from storage.records.call_id import BEIJING
from webui.presenters.route_picture import rounds, where
from webui.presenters.texts import Texts
from webui.resources_setup import RoutePage
from webui.security.permissions import TENANT
from webui.services.simulator import simulated
from webui.views.declare import view

MOST_DIGITS = 24


@view(
    context=RoutePage,
    name="simulate",
    permission=TENANT,
    request_method="GET",
    renderer="tenant/simulator.html",
)
def simulator(request: Request) -> dict[str, Any]:
    """Show the form, and what would become of the call that was asked for."""
    page, services, texts = request.context, request.services, request.texts
    caller = "".join(char for char in request.GET.get("caller", "") if char.isascii() and char.isprintable())
    caller, now = caller.replace(" ", "")[:MOST_DIGITS], datetime.fromtimestamp(services.now(), BEIJING)
    at, wrong = _moment(request.GET.get("at", ""), now)
    found = None
    if not wrong and "caller" in request.GET:
        found = simulated(services, page.tenant.id, page.plan.number, caller, at)
    return {
        "tenant": page.tenant,
        "plan": page.plan,
        "typed": {"caller": caller, "at": request.GET.get("at", "")[:20] or at.strftime("%Y-%m-%dT%H:%M")},
        "errors": {"at": texts("Write the moment like 2026-10-10 09:30.")} if wrong else {},
        "result": None if found is None else _shown(found, texts),
    }


def _moment(text: str, now: datetime) -> tuple[datetime, bool]:
    """Return the moment that was asked for, by default now, and whether it makes no sense."""
    if not text:
        return now, False
    try:
        return datetime.fromisoformat(text.strip()[:19]).replace(tzinfo=BEIJING), False
    except ValueError:
        return now, True


def _shown(found: Simulation, texts: Texts) -> dict[str, Any]:
    last = found.decisions[-1]
    verdict = None if last.refusal is None else VERDICTS[last.refusal]
    return {
        "whole": explain(found.reasons, texts.language),
        "facts": [each.text(texts.language) for each in found.reasons if each.code in ("caller", "moment")],
        "steps": [
            each.text(texts.language) for each in found.reasons if each.code not in ("caller", "moment")
        ],
        "refusal": None if verdict is None else texts.either(verdict.zh, verdict.en),
        "rounds": [] if found.phones is None else rounds(found.phones, texts),
        "seconds": int(found.ring_seconds),
        "busy": [each.number for each in found.when_busy],
        "no_answer": [each.number for each in found.when_no_answer],
        "otherwise": where(found.otherwise, texts),
    }
