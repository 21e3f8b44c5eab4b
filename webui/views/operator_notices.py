"""通知: the log of all deliveries, the gateways they leave by, and the templates they say."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.notices.delivery import Channel, DeliveryState
from domain.notices.kinds import SHIPPED, VARIABLES, NoticeKind
from domain.notices.template import TemplateState
from domain.refusal import NotPossible
from storage.models import Root
from storage.notices.outbox import template_of
from storage.provisioning.schema import GATEWAY, TEMPLATE
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_system import GatewayDesk, GatewayFile, NoticeDesk, TemplateDesk, TemplateFile
from webui.services import deliveries
from webui.services.provisioning import wish
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view
from webui.views.section_form import SectionForm

LOG: Final = "/operator/notices"
GATEWAY_FORM: Final = SectionForm(
    GATEWAY,
    (
        (N_("How it is reached"), ("kind", "enabled", "rank", "username", "password", "sign", "sender")),
        (N_("Of smtp, smpp and cmpp"), ("host", "port", "encryption")),
        (N_("Of HTTP gateways"), ("url", "body", "form", "success")),
        (N_("Further"), ("app_id", "region", "seconds", "per_second")),
    ),
    "/operator/gateways", new=N_("New gateway"), naming=N_("Name of the gateway"), example="aliyun-1",
    remove=N_("Remove the gateway {name}?"), plural="gateways",
    taken=N_("There is a gateway of this name already."), long=("body",),
)  # fmt: skip
TEMPLATE_FORM: Final = SectionForm(
    TEMPLATE,
    (
        (N_("What the SMS says"), ("sms", "state")),
        (N_("What e-mails and groups say"), ("title", "text")),
        (N_("At the providers"), ("codes", "order")),
    ),
    "/operator/templates", long=("sms", "title", "text"),
)  # fmt: skip


@view(context=NoticeDesk, permission="see-notices", request_method="GET", renderer="operator/notices.html")
def log(request: Request) -> dict[str, Any]:
    """Show the deliveries, newest first."""
    return _log(request)


@view(context=NoticeDesk, name="again", permission="see-notices", request_method="POST")
def again(request: Request) -> Response:
    """Try one anew."""
    _, name = request.texts, request.POST.get("id", "")[:40]
    asked = [(key, request.POST.get(key, "")[:120]) for key in deliveries.Filter._fields]
    back = HTTPSeeOther(f"{LOG}?{urlencode([pair for pair in asked if pair[1]])}".rstrip("?"))
    try:
        deliveries.send_again(request.services, name, entry_of(request, "notice-again", name))
    except NotPossible as why:
        return say(request, back, _.either(why.zh, why.en), "bad")
    return say(request, back, _("It is sent again now."))


@view(
    context=NoticeDesk, name="test", permission="see-notices", request_method="POST",
    renderer="operator/notices.html",
)  # fmt: skip
def test(request: Request) -> Response | dict[str, Any]:
    """Send a test to somebody."""
    _ = request.texts
    typed = {name: request.POST.get(name, "").strip()[:120] for name in ("tenant", "channel", "to")}
    entry = entry_of(request, "notice-test", f"{typed['channel']} {typed['to']}", typed["tenant"])
    try:
        deliveries.send_test(request.services, typed["tenant"], typed["channel"], typed["to"], entry)
    except NotPossible as why:
        request.response.status = 422
        return _log(request, errors={"to": _.either(why.zh, why.en)}, typed=typed)
    return say(request, HTTPSeeOther(LOG), _("The test waits to be sent; look at its state in a moment."))


def _log(request: Request, **more: Any) -> dict[str, Any]:
    wanted = deliveries.Filter(*(request.GET.get(name, "").strip()[:120] for name in _FIELDS))
    after = request.GET.get("after", "")[:40]
    page, tenants = request.services.read(
        lambda root: (
            deliveries.log(root, wanted, after),
            {name: each.config.value.name for name, each in root.tenants.items()},
        )
    )
    return {
        "wanted": wanted, "page": page, "tenants": tenants, "shown_text": deliveries.shown_text,
        "can_go_again": deliveries.can_go_again, "channels": [str(each) for each in Channel],
        "states": [str(each) for each in DeliveryState], "title_of": _title(request), "errors": {},
        "typed": {}, **more,
    }  # fmt: skip


_FIELDS: Final = deliveries.Filter._fields


@view(context=GatewayDesk, permission="settings", request_method="GET", renderer="operator/gateways.html")
def gateways(request: Request) -> dict[str, Any]:
    """Show the gateways in the order in which they are used, and how they did lately."""
    now = request.services.now()
    found, counted = request.services.read(
        lambda root: ([each.value for each in root.gateways.values()], deliveries.by_gateway(root, now))
    )
    return {
        "gateways": sorted(found, key=lambda each: (each.kind.mails, each.rank, each.name)),
        "counted": counted,
    }


@view(context=GatewayFile, permission="settings", request_method="GET", renderer="operator/settings.html")
def gateway(request: Request) -> dict[str, Any]:
    """Show what is set of a gateway; never its password."""
    return GATEWAY_FORM.shown(request, request.context.gateway, request.context.name)


@view(context=TemplateDesk, permission="settings", request_method="GET", renderer="operator/templates.html")
def templates(request: Request) -> dict[str, Any]:
    """Show what each kind of notice says, and how far its review is."""

    def read(root: Root) -> list[Any]:
        return [template_of(root, kind) for kind in NoticeKind if kind is not NoticeKind.TEST]

    return {"templates": request.services.read(read), "title_of": _title(request)}


@view(context=TemplateFile, permission="settings", request_method="GET", renderer="operator/settings.html")
def template(request: Request) -> dict[str, Any]:
    """Show the words of a kind."""
    return _template(request)


@view(context=TemplateFile, permission="settings", request_method="POST", renderer="operator/settings.html")
def change_template(request: Request) -> Response | dict[str, Any]:
    """Store them; an SMS with other words must be reviewed anew."""
    page: TemplateFile = request.context
    held, kind = page.template, str(page.kind)

    def document(typed: dict[str, Any]) -> dict[str, Any]:
        other = (typed.get("sms") or "") != held.sms
        if other and typed.get("state") == held.state == TemplateState.APPROVED:
            typed = {**typed, "state": str(TemplateState.DRAFT)}
        return {"templates": {kind: typed}}

    answer = TEMPLATE_FORM.stored(request, document, entry_of(request, "template-changed", kind), held, kind)
    return {**answer, **_about(request)} if isinstance(answer, dict) else answer


@view(context=TemplateFile, name="state", permission="settings", request_method="POST")
def template_state(request: Request) -> Response:
    """Say how far the review is."""
    kind, state = str(request.context.kind), request.POST.get("state", "")
    if state not in set(TemplateState):
        raise HTTPBadRequest()
    entry = entry_of(request, "template-changed", kind)
    done = wish(request.services, lambda root: {"templates": {kind: {"state": state}}}, entry)
    return said_in_force(request, done, "/operator/templates")


def _template(request: Request) -> dict[str, Any]:
    page: TemplateFile = request.context
    return {**TEMPLATE_FORM.shown(request, page.template, str(page.kind)), **_about(request)}


def _about(request: Request) -> dict[str, str]:
    """Return the title of a kind, and what its variables mean."""
    _, kind = request.texts, request.context.kind
    known = VARIABLES[kind]
    names = "  ".join(
        f"{{{name}}} {each.zh}" if _.language == "zh" else f"{{{name}}}" for name, each in known.items()
    )
    shipped = _("As it ships: {words}", words=SHIPPED[kind].text)
    return {"title": _title(request)(kind), "about": _("Variables: {names}", names=names), "shipped": shipped}


def _title(request: Request) -> Any:
    """Return what says a kind of notice."""

    def title_of(kind: str) -> str:
        if kind not in set(NoticeKind):
            return kind
        return str(request.texts.either(SHIPPED[NoticeKind(kind)].title, kind))

    return title_of
