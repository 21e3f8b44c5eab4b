"""Persistent voice menus besides the published ones: every version that was published, and drafts."""

from __future__ import annotations

import msgspec

from domain.flow.document import Flow, FlowDocument
from storage.models.document import Document


class FlowVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A flow as it was published once. Times are UTC POSIX seconds."""

    version: int
    """1 up; a number is never used again."""
    document: FlowDocument
    at: float
    by: str
    note: str = ""


class FlowDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A flow that somebody works on; it may be wrong in every way a document can be."""

    name: str
    document: FlowDocument
    at: float
    by: str


class PublishedFlow(Document[Flow]):
    """The version of a flow that calls are led through."""

    TYPE = Flow


class KeptVersion(Document[FlowVersion]):
    """One version of a flow."""

    TYPE = FlowVersion


class Draft(Document[FlowDraft]):
    """The draft of a flow."""

    TYPE = FlowDraft
