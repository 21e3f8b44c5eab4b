"""What people ask of money and somebody decides: proposals and invoices."""

from __future__ import annotations

from domain.approval import Proposal
from domain.invoice import Invoice
from storage.models.document import Document


class ProposalDocument(Document[Proposal]):
    """A wish for an entry that two people must agree on."""

    TYPE = Proposal


class InvoiceDocument(Document[Invoice]):
    """An invoice."""

    TYPE = Invoice
