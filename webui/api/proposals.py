"""Adjustments, refunds and gifts, which a second person must approve; invoices that are issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.money.amounts import yuan
from domain.money.approval import Decided, OwnProposal, Proposal
from domain.money.invoice import WrongState
from storage.money.finance import Wrong, invoices, proposals
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, named, query
from webui.api.problems import ApiProblem
from webui.services import finance

Text = Annotated[str, msgspec.Meta(max_length=200)]


class ProposalWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    tenant: Annotated[str, msgspec.Meta(max_length=40)]
    kind: Literal["adjustment", "refund", "gift"]
    li: Annotated[int, msgspec.Meta(ge=-10_000_000_000, le=10_000_000_000)]
    reason: Text


class DecisionWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is decided."""

    approve: bool
    remark: Text = ""


class InvoiceAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invoice's number, or why there will be none."""

    number: Annotated[str, msgspec.Meta(max_length=20)] = ""
    remark: Annotated[str, msgspec.Meta(max_length=120)] = ""


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return the newest proposals."""
    query(caller, NoQuery)
    found = caller.services.read(lambda root: list(proposals(root)))
    return {"items": [_object(each) for each in found[: finance.DECIDED]]}


def ask(caller: Caller) -> Mapping[str, Any]:
    """Ask for an entry; somebody else must approve it."""
    query(caller, NoQuery)
    wish = body(caller, ProposalWish)
    form = {"tenant": wish.tenant, "kind": wish.kind, "amount": yuan(wish.li), "reason": wish.reason}
    try:
        made = finance.ask_for(caller.services, form, caller.entry("money-asked", "", wish.tenant))
    except Wrong as error:
        raise _wrong(caller, error) from error
    return _object(made)


def decide(caller: Caller) -> Mapping[str, Any]:
    """Approve or decline; nobody his own, 409."""
    query(caller, NoQuery)
    name, wish = named(caller, "proposal"), body(caller, DecisionWish)
    entry = caller.entry("money-approved" if wish.approve else "money-declined", name)
    asked = caller.services.read(lambda root: [each for each in proposals(root) if each.id == name])
    if wish.approve and asked and asked[0].asked_by.startswith("api-key:"):
        text = "由程序提交的申请须由人员审批", "A person approves what a program asked for"
        raise ApiProblem(409, *text)
    if wish.approve and asked and asked[0].asked_by == caller.known.key.made_by:
        raise ApiProblem(409, "不能审批自己的申请", "Who asked may not approve by a program of his own")
    try:
        made = finance.decide_on(caller.services, name, wish.approve, wish.remark, entry)
    except KeyError as error:
        raise ApiProblem(404) from error
    except OwnProposal as error:
        raise ApiProblem(409, "不能审批自己的申请", "Who asked may not approve") from error
    except Decided as error:
        raise ApiProblem(409, "已审批", "It was decided before") from error
    except Wrong as error:
        raise ApiProblem(409, error.zh, error.en) from error
    return _object(made)


def waiting_invoices(caller: Caller) -> Mapping[str, Any]:
    """Return the invoices that tenants ask for."""
    query(caller, NoQuery)
    found = caller.services.read(lambda root: list(invoices(root)))
    return {"items": [msgspec.to_builtins(each) for each in found if each.state == "requested"]}


def answer_invoice(caller: Caller) -> Mapping[str, Any]:
    """Note an invoice as issued, or refuse it."""
    query(caller, NoQuery)
    name, wish = named(caller, "invoice"), body(caller, InvoiceAnswer)
    entry = caller.entry("invoice-issued" if wish.number else "invoice-refused", name)
    try:
        made = finance.answer_invoice(caller.services, name, wish.number, wish.remark, entry)
    except KeyError as error:
        raise ApiProblem(404) from error
    except WrongState as error:
        raise ApiProblem(409, "发票状态不符", "It was answered before") from error
    except Wrong as error:
        raise _wrong(caller, error) from error
    found: Mapping[str, Any] = msgspec.to_builtins(made)
    return found


def _object(proposal: Proposal) -> Mapping[str, Any]:
    found: Mapping[str, Any] = msgspec.to_builtins(proposal)
    return found


def _wrong(caller: Caller, error: Wrong) -> ApiProblem:
    return caller.wrong(error, {"amount": "li"}.get(error.field, error.field))
