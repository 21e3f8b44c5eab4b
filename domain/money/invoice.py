"""Invoices (发票): requested by a tenant, issued or declined by finance; the tax office prints them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from domain.money.amounts import Entry, EntryKind


class InvoiceKind(StrEnum):
    """Kinds of invoices."""

    ORDINARY = "ordinary"
    """增值税普通发票."""
    SPECIAL = "special"
    """增值税专用发票."""


class InvoiceState(StrEnum):
    """How far an invoice is."""

    REQUESTED = "requested"
    ISSUED = "issued"
    DECLINED = "declined"
    VOID = "void"
    """Issued and taken back (红冲)."""


COUNTS: Final = frozenset({InvoiceState.REQUESTED, InvoiceState.ISSUED})
"""States whose amount cannot be invoiced again."""
INVOICE_WORDS: Final = {
    InvoiceState.REQUESTED: ("待开票", "Requested"),
    InvoiceState.ISSUED: ("已开票", "Issued"),
    InvoiceState.DECLINED: ("已驳回", "Declined"),
    InvoiceState.VOID: ("已作废", "Void"),
}
KIND_NAMES: Final = {
    InvoiceKind.ORDINARY: ("增值税普通发票", "Ordinary VAT invoice"),
    InvoiceKind.SPECIAL: ("增值税专用发票", "Special VAT invoice"),
}

TAX_NUMBER: Final = re.compile(r"[0-9A-Z]{15,20}", re.ASCII)
"""纳税人识别号 or 统一社会信用代码: 15 to 20 digits and capitals."""
INVOICE_NUMBER: Final = re.compile(r"[0-9]{8,20}", re.ASCII)
"""8 digits on paper, 20 of an all-digital one."""


class WrongState(Exception):
    """An invoice cannot go from its state to the one wanted."""


class TooMuch(Exception):
    """More than may be invoiced; the argument is what may, in 厘."""

    def __init__(self, most_li: int) -> None:
        super().__init__(most_li)
        self.most_li = most_li


class Invoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One invoice."""

    id: str
    tenant: str
    kind: InvoiceKind
    title: str
    """抬头."""
    tax_number: str
    li: int
    email: str
    asked_by: str
    asked_ms: int
    state: InvoiceState = InvoiceState.REQUESTED
    number: str = ""
    """发票号码, once it is issued."""
    decided_by: str = ""
    decided_ms: int = 0
    remark: str = ""

    def issue(self, number: str, who: str, at_ms: int) -> Invoice:
        """Return it issued; raises WrongState."""
        return self._to(InvoiceState.ISSUED, InvoiceState.REQUESTED, who, at_ms, self.remark, number)

    def decline(self, why: str, who: str, at_ms: int) -> Invoice:
        """Return it declined; raises WrongState."""
        return self._to(InvoiceState.DECLINED, InvoiceState.REQUESTED, who, at_ms, why, "")

    def void(self, why: str, who: str, at_ms: int) -> Invoice:
        """Return it void, so that its amount may be invoiced again; raises WrongState."""
        return self._to(InvoiceState.VOID, InvoiceState.ISSUED, who, at_ms, why, self.number)

    def _to(
        self, state: InvoiceState, only_from: InvoiceState, who: str, at_ms: int, why: str, number: str
    ) -> Invoice:
        if self.state is not only_from:
            raise WrongState(self.state)
        return msgspec.structs.replace(
            self, state=state, number=number, decided_by=who, decided_ms=at_ms, remark=why
        )


def may_be_invoiced(entries: Iterable[Entry], invoices: Iterable[Invoice]) -> int:
    """Return what was paid and has no invoice, in 厘: recharges less refunds; gifts are no payment."""
    paid = sum(each.li for each in entries if each.kind in (EntryKind.RECHARGE, EntryKind.REFUND))
    return max(0, paid - sum(each.li for each in invoices if each.state in COUNTS))
