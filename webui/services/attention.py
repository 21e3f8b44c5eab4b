"""What the operator should look at today, and alarms that somebody sees to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from b2bua.alarms import Alarm
from b2bua.box_alarms import DOWN
from b2bua.ledger.status import LedgerStatus
from b2bua.ledger.status import read_status as read_ledger
from b2bua.recorder.status import RecorderStatus
from b2bua.recorder.status import read_status as read_recorder
from domain.notices.kinds import DAY
from domain.refusal import NotPossible
from domain.tickets.ticket import OPERATOR
from storage.models import Root
from storage.models.notices import Watched
from storage.models.web import Acknowledgement, AcknowledgementDocument, AuditEntry
from storage.numbers.upkeep import attention
from webui.services.box import BoxServices
from webui.services.deliveries import failed_since
from webui.services.tickets import Counts, counts

OWN_KEY = DOWN
"""The alarm that pages make themselves; it has no beginning, so it cannot be acknowledged."""
MOST_NOTE = 200


class Attention(NamedTuple):
    """What waits for somebody."""

    overdue: tuple[str, ...]
    """Numbers promised by yesterday or before."""
    papers: tuple[str, ...]
    """Numbers with papers that end soon."""
    low: list[str]
    """Tenants whose balance is low or gone."""
    tickets: Counts
    """Those of the operator's desk."""
    failed: int
    """Notices of the last day that reached nobody."""
    ledger: LedgerStatus | None
    recorder: RecorderStatus | None
    """None: it does not run."""

    @property
    def stored(self) -> bool:
        """Whether records and recordings get into the store."""
        ledger, recorder = self.ledger, self.recorder
        return (
            ledger is not None and not ledger.store_down and not ledger.alarms
            and recorder is not None and not recorder.failed and not recorder.alarms
        )  # fmt: skip


def look(services: BoxServices) -> Attention:
    """Return what waits for the operator; raises StoreDown."""
    now = services.now()

    def read(root: Root) -> tuple[tuple[str, ...], tuple[str, ...], list[str], Counts, int]:
        numbers, waiting = attention(root, now), counts(root, OPERATOR, now)
        return numbers.overdue, numbers.papers, _low(root), waiting, failed_since(root, now - DAY)

    return Attention(*services.read(read), read_ledger(services.data), read_recorder(services.data))


def _low(root: Root) -> list[str]:
    """Return whom the process of notices found with little left: it looks after each entry."""
    found = []
    for tenant, data in root.notices.watched.items():
        watched = msgspec.json.decode(data, type=Watched)
        if tenant in root.tenants and (watched.low or watched.arrears):
            found.append(tenant)
    return found


def acknowledged(root: Root, alarms: Iterable[Alarm]) -> dict[str, Acknowledgement]:
    """Return who sees to which alarm, by its key; an alarm that came anew is nobody's yet."""
    found = {}
    for alarm in alarms:
        held = root.web.acknowledged.get(alarm.key)
        if held is not None and alarm.since <= held.value.at:
            found[alarm.key] = held.value
    return found


def acknowledge(services: BoxServices, key: str, alarms: list[Alarm], note: str, entry: AuditEntry) -> None:
    """Note that somebody sees to an alarm that is up; raises NotPossible, StoreDown."""
    up = {alarm.key for alarm in alarms}
    if key not in up or key == OWN_KEY:
        raise NotPossible("This alarm is over.", "该告警已解除。")
    if len(note) > MOST_NOTE:
        raise NotPossible("The note has more than 200 characters.", "备注超过 200 个字。")

    def work(root: Root) -> None:
        held = root.web.acknowledged
        for gone in [each for each in held if each not in up]:
            del held[gone]
        made = Acknowledgement(entry.who, services.now(), note)
        if key in held:
            held[key].value = made
        else:
            held[key] = AcknowledgementDocument(made)
        root.web.note(msgspec.structs.replace(entry, after=note))

    services.change(work, "alarm acknowledged")
