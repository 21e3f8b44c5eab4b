"""Delete the files of e-mails whose time is over by their tenant's plan, and those that no e-mail names.

The text stays and says that its file is gone. It is told first, the file goes then: what a crash leaves
behind is a file that nobody names, which goes the next night.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from domain.customers.conversation import Text
from storage.connection import MainDatabase
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import Documents
from storage.retention.recordings import BATCH, IsWorkingDay, Plans, day_of, deletion_day

LEFT_OVER: Final = 86400.0
"""A file may wait so long, in seconds, for the e-mail that names it."""
GONE: Final = "已超过保存期限，附件已删除"
"""What stands in place of a file, for the tenant's agents."""
_HAS_FILES: Final = b'"attachments"'
_text = msgspec.json.Decoder(Text).decode


def sweep_letters(
    database: MainDatabase,
    files: Documents,
    plans: Plans,
    today: date,
    now: float,
    is_working_day: IsWorkingDay,
) -> int:
    """Delete what is due on a day, and what nobody names; return how many files. Raises StoreDown.

    ``today`` and ``now`` (UTC POSIX seconds) come from the trusted clock. It may be run again at any time.
    """
    if not files.any():
        return 0
    days: dict[tuple[str, date], bool] = {}

    def due(tenant: str, at: float) -> bool:
        made = day_of(at)
        if (tenant, made) not in days:
            days[tenant, made] = deletion_day(made, plans.of(tenant), is_working_day) <= today
        return days[tenant, made]

    kept: set[str] = set()
    for tenant in database.read(lambda root: list(root.conversations.tenants)):
        found = database.read(lambda root, tenant=tenant: list(_with_files(root, tenant)))  # type: ignore[misc]
        over = [(name, text) for name, text in found if due(tenant, text.at)]
        kept.update(
            each.file
            for _, text in found
            if not due(tenant, text.at)
            for each in text.attachments
            if each.file
        )
        for start in range(0, len(over), BATCH):
            _tell_gone(database, tenant, over[start : start + BATCH])
    return files.sweep(kept, new_id(now - LEFT_OVER))


def _with_files(root: Root, tenant: str) -> Iterator[tuple[str, Text]]:
    """Yield id of the conversation and text, of the texts that have files."""
    for (name, _), data in root.conversations.find(tenant).texts.items():
        if _HAS_FILES in data:
            text = _text(data)
            if any(each.file for each in text.attachments):
                yield name, text


def _tell_gone(database: MainDatabase, tenant: str, over: list[tuple[str, Text]]) -> None:
    def work(root: Root) -> None:
        book = root.conversations.of(tenant)
        for name, was in over:
            text = book.text(name, was.id)
            if text is not None:
                left = tuple(
                    msgspec.structs.replace(each, file="", why=GONE) if each.file else each
                    for each in text.attachments
                )
                book.put_text(name, msgspec.structs.replace(text, attachments=left))

    database.transact(work, note="files of e-mails over their time")
