"""An agent rings a customer from his card: his own phone first, then the number that a call was with."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.control import ControlDown, ControlFailed
from domain.refusal import NotPossible
from webui.presenters.says import say
from webui.resources_customers import DeskCustomer
from webui.security.permissions import AGENT
from webui.services import customers, missed
from webui.services.desk import NotHis
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.desk import desk_of, desks


@view(context=DeskCustomer, name="call", permission=AGENT, request_method="POST")
def call(request: Request) -> Response:
    """Ring him."""
    _, context, desk = request.texts, request.context, desk_of(request)
    known = request.services.read(lambda root: customers.contacts(root, desk.tenant, context.customer))
    wanted = request.POST.get("call", "")
    contact = next((each for each in known.values() if each.call == wanted), None)
    if contact is None:
        raise HTTPNotFound()
    back = HTTPSeeOther(f"{context.base}/{context.customer.id}")
    entry = entry_of(request, "customer-called", f"{context.customer.id} {contact.call}", desk.tenant)
    try:
        phone = desks(request).agent(desk).target
        missed.call_customer(request.services, desk.tenant, contact, desk.agent, phone, entry)
    except NotHis:
        raise HTTPNotFound() from None
    except (NotPossible, ControlFailed) as refused:
        return say(request, back, _.either(refused.zh, str(refused)), "bad")
    except ControlDown:
        return say(request, back, _("The SIP process does not answer."), "bad")
    return say(request, back, _("Your phone rings; when you answer, the customer is rung."))
