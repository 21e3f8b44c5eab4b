"""大屏墙板: a tenant's queues and agents as they are now, and the figures of today, on a big screen."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from domain.analysis.columns import Target
from storage.reports.report import report
from webui.resources import TenantPages
from webui.security.permissions import TENANT
from webui.services.reports import today
from webui.views.declare import view


@view(
    context=TenantPages, name="wallboard", permission=TENANT, request_method="GET",
    renderer="tenant/wallboard.html",
)  # fmt: skip
def wallboard(request: Request) -> dict[str, Any]:
    """Show it; what moves comes by the stream of live calls."""
    return {"tenant": request.context}


@view(context=TenantPages, name="wallboard-figures", permission=TENANT, request_method="GET", renderer="json")
def figures(request: Request) -> dict[str, str]:
    """Send the figures of today, asked for every few seconds."""
    tenant, day, _ = request.context.id, today(request.services.now()), request.texts
    made = request.services.read(lambda root: report(root, tenant, day, day))
    target, cell = Target(), made.all
    level = made.level(target.seconds, target.formula)
    return {
        "calls": f"{cell.calls}",
        "share": _("{count} answered", count=cell.answered) + (f" · {cell.share:.0%}" if cell.calls else ""),
        "missed": f"{cell.missed}",
        "why": " · ".join(
            (
                _("busy {count}", count=cell.busy), _("no answer {count}", count=cell.no_answer),
                _("gave up {count}", count=cell.abandoned),
            )
        ),
        "level": "—" if level.share is None else f"{level.share:.0%}",
        "formula": target.words(_.language),
        "wait": f"{cell.speed_s:.0f}",
        "rating": "—" if cell.rating is None else f"{cell.rating:.1f}",
        "rated": _("{count} ratings of 1 to 5", count=cell.rated),
    }  # fmt: skip
