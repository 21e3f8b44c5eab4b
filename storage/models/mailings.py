"""Reports that are sent by e-mail: what is wished, what was sent, and the files."""

from __future__ import annotations

from typing import Any, Final

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.analysis.mailing import Mailing
from storage.models.document import Document

KEPT_SECONDS: Final = 93 * 86_400.0
"""Files are kept as long as the log of deliveries."""


class MailingDocument(Document[Mailing]):
    """One mailing."""

    TYPE = Mailing


class ReportFile(Persistent):  # type: ignore[misc]
    """A file that was made for a mail."""

    def __init__(self, name: str, content: bytes, tenant: str, made: float) -> None:
        self.name = name
        self.content = content
        self.tenant = tenant
        self.made = made
        """UTC POSIX seconds."""


class Mailings(Persistent):  # type: ignore[misc]
    """Every mailing of the box."""

    def __init__(self) -> None:
        self.wished: Any = OOBTree()
        """Id -> MailingDocument."""
        self.sent: Any = OOBTree()
        """Id -> name of the days sent last (``domain.analysis.mailing.Due.name``)."""
        self.files: Any = OOBTree()
        """Id, which sorts by time -> ReportFile."""

    def of(self, tenant: str) -> list[Mailing]:
        """Return the mailings of a tenant, or ("") of the operator."""
        return [each.value for each in self.wished.values() if each.value.tenant == tenant]

    def put(self, mailing: Mailing) -> None:
        """Store a mailing."""
        held = self.wished.get(mailing.id)
        if held is None:
            self.wished[mailing.id] = MailingDocument(mailing)
        else:
            held.value = mailing

    def drop(self, tenant: str, name: str) -> bool:
        """Forget a mailing of a tenant; False: there is none."""
        held = self.wished.get(name)
        if held is None or held.value.tenant != tenant:
            return False
        del self.wished[name]
        self.sent.pop(name, None)
        return True

    def tidy(self, now: float) -> None:
        """Forget files that were made long ago."""
        for name, file in list(self.files.items()):
            if file.made >= now - KEPT_SECONDS:
                break
            del self.files[name]
