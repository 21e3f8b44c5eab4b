"""What people ask of money and others decide, in the caller's transaction: proposals and invoices.

None of it touches an account: an approved proposal becomes a :class:`MoneyRequest`, which the ledger books.
"""

from __future__ import annotations

import secrets
from typing import Final

from domain.money.amounts import MOST_LI, EntryKind, yuan
from domain.money.approval import NEED_APPROVAL, Decision, Proposal
from domain.money.invoice import INVOICE_NUMBER, TAX_NUMBER, Invoice, InvoiceKind, TooMuch, may_be_invoiced
from storage.models import MoneyRequest, Request, Root
from storage.models.finance import InvoiceDocument, ProposalDocument

LONGEST_TEXT: Final = 200


class Wrong(ValueError):
    """Something that people wrote cannot be; names the field, in English and Chinese."""

    def __init__(self, field: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.field = field
        self.en = en
        self.zh = zh


def propose(root: Root, tenant: str, kind: EntryKind, li: int, reason: str, who: str, at_ms: int) -> Proposal:
    """Store a wish for an entry that a second person must approve; raises Wrong.

    ``li`` above 0 unless it is an adjustment; of a refund it is what the tenant is paid back, no more than
    he has.
    """
    if kind not in NEED_APPROVAL:
        raise ValueError(kind)
    if tenant not in root.tenants and tenant not in root.money.accounts:
        raise Wrong("tenant", f"there is no tenant {tenant}", f"没有租户 {tenant}")
    if li == 0 or (li < 0 and kind is not EntryKind.ADJUSTMENT):
        raise Wrong("amount", "the amount must be above 0", "金额必须大于 0")
    if abs(li) > MOST_LI:
        raise Wrong("amount", "the amount is too large", "金额过大")
    if kind is EntryKind.REFUND:
        _within_balance(root, tenant, li)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_TEXT:
        raise Wrong("reason", "say why, in at most 200 characters", "请写明原因，不超过 200 字")
    signed = -li if kind is EntryKind.REFUND else li
    proposal = Proposal(secrets.token_hex(4), tenant, kind, signed, reason, who, at_ms)
    root.money.proposals[proposal.id] = ProposalDocument(proposal)
    return proposal


def decide(root: Root, name: str, approved: bool, who: str, at_ms: int, remark: str = "") -> Proposal:
    """Approve or decline a proposal; raises KeyError, Decided, OwnProposal, Wrong.

    A refund is measured once more: calls may have used the money since it was asked for.
    """
    held = root.money.proposals[name]
    proposal: Proposal = held.value.decide(approved, who, at_ms, remark.strip()[:LONGEST_TEXT])
    if approved and proposal.kind is EntryKind.REFUND:
        _within_balance(root, proposal.tenant, -proposal.li)
    held.value = proposal
    if proposal.decision is Decision.APPROVED:
        root.money.requests[proposal.cause] = Request(
            MoneyRequest(
                proposal.cause,
                proposal.tenant,
                proposal.kind,
                proposal.li,
                at_ms,
                proposal.reason,
                proposal.people,
            )
        )
    return proposal


def _within_balance(root: Root, tenant: str, li: int) -> None:
    """Raise Wrong where a refund is more than the tenant has, less what the ledger is about to take."""
    account = root.money.accounts.get(tenant)
    waiting = [each.value for each in root.money.requests.values()]
    has = 0 if account is None else account.balance_li
    has += sum(each.li for each in waiting if each.tenant == tenant and each.li < 0)
    if li > has:
        most = yuan(max(0, has))
        raise Wrong(
            "amount",
            f"no more than the balance can be refunded: {most} yuan",
            f"退款不能超过余额，最多可退 {most} 元",
        )


def proposals(root: Root) -> list[Proposal]:
    """Return all proposals, waiting ones first, then the newest first."""
    held: list[Proposal] = [each.value for each in root.money.proposals.values()]
    return sorted(held, key=lambda each: (each.decision is not Decision.WAITING, -each.asked_ms))


def invoiceable(root: Root, tenant: str) -> int:
    """Return what a tenant paid and has not asked an invoice for, in 厘."""
    account = root.money.accounts.get(tenant)
    return may_be_invoiced(() if account is None else account.listed(), invoices(root, tenant))


def request_invoice(
    root: Root,
    tenant: str,
    kind: InvoiceKind,
    title: str,
    tax_number: str,
    li: int,
    email: str,
    who: str,
    at_ms: int,
) -> Invoice:
    """Store a wish for an invoice; raises Wrong, and TooMuch above what may be invoiced."""
    title, tax_number, email = title.strip(), tax_number.strip().upper(), email.strip()
    if not title or len(title) > LONGEST_TEXT:
        raise Wrong("title", "the title is missing", "请填写发票抬头")
    if (tax_number or kind is InvoiceKind.SPECIAL) and TAX_NUMBER.fullmatch(tax_number) is None:
        raise Wrong("tax_number", "15 to 20 digits and capitals", "纳税人识别号为 15 至 20 位数字或大写字母")
    if email and ("@" not in email or len(email) > LONGEST_TEXT or any(each.isspace() for each in email)):
        raise Wrong("email", "no e-mail address", "邮箱地址不正确")
    most = invoiceable(root, tenant)
    if li <= 0:
        raise Wrong("amount", "the amount must be above 0", "金额必须大于 0")
    if li > most:
        raise TooMuch(most)
    invoice = Invoice(secrets.token_hex(4), tenant, kind, title, tax_number, li, email, who, at_ms)
    root.money.invoices[invoice.id] = InvoiceDocument(invoice)
    return invoice


def issue_invoice(root: Root, name: str, number: str, who: str, at_ms: int) -> Invoice:
    """Note an invoice as issued under its number; raises KeyError, WrongState, Wrong."""
    held = root.money.invoices[name]
    number = number.strip()
    if INVOICE_NUMBER.fullmatch(number) is None:
        raise Wrong("number", "an invoice's number has 8 to 20 digits", "发票号码为 8 至 20 位数字")
    if any(each.value.number == number for each in root.money.invoices.values()):
        raise Wrong("number", f"{number} was issued already", f"发票号码 {number} 已使用")
    held.value = held.value.issue(number, who, at_ms)
    return held.value  # type: ignore[no-any-return]


def refuse_invoice(root: Root, name: str, why: str, who: str, at_ms: int) -> Invoice:
    """Decline an invoice that was asked for, or void an issued one; raises KeyError, WrongState, Wrong."""
    held = root.money.invoices[name]
    why = why.strip()[:LONGEST_TEXT]
    if not why:
        raise Wrong("remark", "say why", "请写明原因")
    invoice: Invoice = held.value
    held.value = invoice.void(why, who, at_ms) if invoice.number else invoice.decline(why, who, at_ms)
    return held.value  # type: ignore[no-any-return]


def invoices(root: Root, tenant: str = "") -> list[Invoice]:
    """Return a tenant's invoices, or (empty) everybody's, the newest first."""
    held: list[Invoice] = [each.value for each in root.money.invoices.values()]
    return sorted(
        (each for each in held if not tenant or each.tenant == tenant), key=lambda each: -each.asked_ms
    )
