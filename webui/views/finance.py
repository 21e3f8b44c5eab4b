"""费用 and 财务: bills, recharges, proposals, invoices."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.money.amounts import yuan
from domain.money.approval import Decided, OwnProposal
from domain.money.invoice import TooMuch, WrongState
from storage.export.bill import write_bill, write_month
from storage.money.bills import entries_of
from storage.money.finance import Wrong
from webui.presenters.says import say
from webui.resources_money import MONTH, AccountBill, AccountFile, FinanceDesk, TenantBill, TenantBills
from webui.security.permissions import TENANT
from webui.services import finance
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download


def _typed(request: Request) -> dict[str, str]:
    return {name: str(value)[:300] for name, value in request.POST.items()}


# -- tenants -----------------------------------------------------------------------------------------


@view(context=TenantBills, permission=TENANT, request_method="GET", renderer="finance/billing.html")
def billing(request: Request) -> dict[str, Any]:
    """Show balance, bills, recharges, entries, invoices."""
    return _billing(request, {}, {})


@view(
    context=TenantBills, name="invoice", permission=TENANT, request_method="POST",
    renderer="finance/billing.html",
)  # fmt: skip
def invoice(request: Request) -> Response | dict[str, Any]:
    """Ask for an invoice."""
    _, tenant, typed = request.texts, request.context.tenant, _typed(request)
    entry = entry_of(request, "invoice-asked", tenant, tenant)
    try:
        finance.ask_invoice(request.services, tenant, typed, entry)
    except Wrong as error:
        return _billing(request, {error.field: _.either(error.zh, error.en)}, typed)
    except TooMuch as error:
        told = _("At most ¥{amount} can be invoiced.", amount=yuan(error.most_li))
        return _billing(request, {"amount": told}, typed)
    return say(request, HTTPSeeOther(f"/t/{tenant}/billing"), _("The invoice is requested."))


def _billing(request: Request, errors: dict[str, str], typed: dict[str, str]) -> dict[str, Any]:
    services, pages = request.services, request.context.__parent__
    if errors:
        request.response.status = 422
    page = services.read(lambda root: finance.account_page(root, pages.id, services.now()))
    return {"tenant": pages, "errors": errors, "typed": typed, **page}


@view(context=TenantBill, permission=TENANT, request_method="GET", renderer="finance/bill.html")
@view(context=AccountBill, permission="money", request_method="GET", renderer="finance/bill.html")
def bill(request: Request) -> dict[str, Any]:
    """Show a month's bill, ready to be printed."""
    context = request.context
    found, name = request.services.read(lambda root: finance.bill(root, context.tenant, context.month))
    return {"bill": found, "name": name, "back": request.resource_path(context.__parent__).rstrip("/")}


@view(context=TenantBill, name="excel", permission=TENANT, request_method="GET")
@view(context=AccountBill, name="excel", permission="money", request_method="GET")
def excel(request: Request) -> Response:
    """Send a month's bill as Excel; noted in the audit log."""
    context, services = request.context, request.services

    def read(root: Any) -> tuple[Any, ...]:
        found, name = finance.bill(root, context.tenant, context.month)
        return found, name, entries_of(root, context.tenant, found.first_day, found.last_day)

    found, name, entries = services.read(read)
    content = content_of(lambda path: write_bill(path, name, found, entries))
    services.audit(entry_of(request, "bill-exported", context.month, context.tenant))
    return download(content, f"bill-{context.month}.xlsx")


# -- operators ---------------------------------------------------------------------------------------


@view(context=FinanceDesk, permission="money", request_method="GET", renderer="finance/desk.html")
def desk(request: Request) -> dict[str, Any]:
    """Show accounts, what waits for approval, invoices."""
    return _desk(request, {}, {})


def _desk(request: Request, errors: dict[str, str], typed: dict[str, str]) -> dict[str, Any]:
    services = request.services
    if errors:
        request.response.status = 422
    page = services.read(lambda root: finance.desk_page(root, services.now()))
    return {"errors": errors, "typed": typed, **page}


@view(context=FinanceDesk, name="month-excel", permission="money", request_method="GET")
def month_excel(request: Request) -> Response:
    """Send all tenants' bills of a month as one Excel file; noted in the audit log."""
    services = request.services
    month = request.GET.get("month", "").replace("-", "") or finance.month_now(services.now())
    if MONTH.fullmatch(month) is None:
        return _back(request, request.texts("Choose a month, such as 2026-11."), "warn")
    found = services.read(lambda root: finance.bills_of(root, month))
    content = content_of(lambda path: write_month(path, month, found))
    services.audit(entry_of(request, "bill-exported", month))
    return download(content, f"bills-{month}.xlsx")


@view(context=AccountFile, permission="money", request_method="GET", renderer="finance/account.html")
def account(request: Request) -> dict[str, Any]:
    """Show one account."""
    name, services = request.context.tenant, request.services
    page = services.read(lambda root: finance.account_page(root, name, services.now()))
    return {"name": name, "errors": {}, "typed": {}, **page}


@view(
    context=FinanceDesk, name="propose", permission="money", request_method="POST",
    renderer="finance/desk.html",
)  # fmt: skip
def propose(request: Request) -> Response | dict[str, Any]:
    """Ask for an adjustment, a refund or a gift."""
    _, typed = request.texts, _typed(request)
    try:
        finance.ask_for(request.services, typed, entry_of(request, "money-asked", ""))
    except Wrong as error:
        return _desk(request, {error.field: _.either(error.zh, error.en)}, typed)
    return _back(request, _("Stored; a second person must approve it."))


@view(context=FinanceDesk, name="decide", permission="money", request_method="POST")
def decide(request: Request) -> Response:
    """Approve or decline a proposal."""
    _, typed = request.texts, _typed(request)
    approved = typed.get("decision") == "approve"
    entry = entry_of(request, "money-approved" if approved else "money-declined", "")
    try:
        finance.decide_on(
            request.services, typed.get("proposal", ""), approved, typed.get("remark", ""), entry
        )
    except KeyError as error:
        raise HTTPNotFound() from error
    except Decided:
        return _back(request, _("Somebody else decided it already."), "warn")
    except OwnProposal:
        return _back(request, _("Who asked may not approve: a second person must."), "warn")
    except Wrong as error:
        return _back(request, _.either(error.zh, error.en), "warn")
    return _back(request, _("Approved; the ledger books it within seconds.") if approved else _("Declined."))


@view(context=FinanceDesk, name="invoice", permission="money", request_method="POST")
def answer_invoice(request: Request) -> Response:
    """Note an invoice as issued, or refuse it."""
    _, typed = request.texts, _typed(request)
    issued = typed.get("decision") == "issue"
    number = typed.get("number", "").strip() or "-" if issued else ""
    entry = entry_of(request, "invoice-issued" if issued else "invoice-refused", "")
    try:
        finance.answer_invoice(
            request.services, typed.get("invoice", ""), number, typed.get("remark", ""), entry
        )
    except KeyError as error:
        raise HTTPNotFound() from error
    except Wrong as error:
        return _back(request, _.either(error.zh, error.en), "warn")
    except WrongState:
        return _back(request, _("Somebody else dealt with it already."), "warn")
    return _back(request, _("Noted."))


def _back(request: Request, text: str, kind: str = "good") -> Response:
    return say(request, HTTPSeeOther("/operator/finance"), text, kind)
