"""What people ask of money and somebody decides: proposals and invoices."""

from __future__ import annotations

from domain.money.approval import Proposal
from domain.money.invoice import Invoice
from domain.money.reconciliation import Reconciliation
from storage.models.document import Document


class ProposalDocument(Document[Proposal]):
    """A wish for an entry that two people must agree on."""

    TYPE = Proposal


class InvoiceDocument(Document[Invoice]):
    """An invoice."""

    TYPE = Invoice


class ReconciliationDocument(Document[Reconciliation]):
    """A comparison with a carrier's list."""

    TYPE = Reconciliation
