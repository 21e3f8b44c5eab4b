"""Follow the journal and commit its calls in groups, each once.

The place reached is stored in the transaction of the records it stands for, so a ledger that died, or that
never heard whether its commit took place, reads on from there. While the store is down it waits: the
journal on disk is the queue, and memory stays bounded.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from b2bua.ledger.tidy import remove_consumed
from b2bua.ledger.verify import calls_without_record
from domain.money.funds import Standings
from storage.connection import MainDatabase, StoreDown
from storage.evolution import SchemaMismatch
from storage.journal import Damage, Entry, JournalReader, Position
from storage.journal.events import DialogNow, Marks
from storage.models import JournalProgress, Root
from storage.money.bills import close_days
from storage.money.books import problems
from storage.numbers.upkeep import NOTHING_TO_DO, look_after
from storage.records.call_id import day_of, month_of
from storage.records.gather import Gatherer
from storage.records.intake import take_in
from storage.records.record import CallRecord
from storage.serving.standings import limited_tenants, standings

log = logging.getLogger(__name__)

GROUP_ROWS: Final = 5000
"""Most records in one commit, when many wait; live calls are committed each second long before. Larger
groups store fewer objects: of 40,000 records of 20 tenants those of 2,000 took 367 us of CPU each and 3,364
bytes, of 5,000 292 us and 2,471 bytes."""
GROUP_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.2
"""How often an idle ledger looks at the journal."""
LONGEST_WAIT: Final = 5.0
"""Between two tries while the store is down."""
UPKEEP_SECONDS: Final = 60.0
TIDY_SECONDS: Final = 6 * 3600.0
"""How often missed calls that were dealt with long ago are looked for."""
REQUESTS_SECONDS: Final = 0.5
"""How often the ledger looks for recharges and other wishes for entries."""
NUMBERS_SECONDS: Final = 600.0
"""How often reservations, terms and promises of numbers are looked after."""
MONTHS_AT_ONCE: Final = 50
"""Months that are over, each of one tenant, to be sealed before new calls are seen to again."""
LATE_DAY: Final = 3600
"""A day becomes an entry this long after its end; a longer call makes an entry of its own."""
LATE_CALLS: Final = 3 * 86400
"""A month is sealed for good this long after its end: the longest call is over then."""


def _nothing(step: str) -> None:
    """Do nothing at a step; crash tests put a death here."""


def _tidy_missed(now: float, root: Root) -> None:
    root.missed.tidy(now)


def _seal(owner: str, month: str, root: Root) -> None:
    root.records.owners[owner].months[month].seal_all()


class Ledger:
    """One box's ledger. ``step`` does what there is to do and returns how long to wait for more."""

    def __init__(
        self,
        journal: Path,
        database: MainDatabase,
        *,
        box: str = "box",
        recorder_place: Path | None = None,
        keep_seconds: float = 3600.0,
        group_rows: int = GROUP_ROWS,
        tell: Callable[[Standings], None] = lambda standings: None,
        stored: Callable[[], Mapping[str, int]] = dict,
        mono: Callable[[], float] = time.monotonic,
        utc: Callable[[], float] = time.time,
        at_step: Callable[[str], None] = _nothing,
    ) -> None:
        self._journal = journal
        self._database = database
        self._box = box
        self._recorder_place = recorder_place
        self._keep_seconds = keep_seconds
        self._group_rows = group_rows
        self._mono = mono
        self._utc = utc
        self._at_step = at_step
        self._reader: JournalReader | None = None
        self._gatherer = Gatherer()
        self._entries: deque[Entry] = deque()
        self._group: list[CallRecord] = []
        self._reached = Position(0, 0)
        self._rebuild = Position(0, 0)
        self._committed_mono = float("-inf")
        self._tries = 0
        self._upkeep_due = mono() + 1.0
        self._tidy_due = mono() + TIDY_SECONDS
        self._requests_due = mono()
        self._numbers_due = mono()
        self.numbers = NOTHING_TO_DO
        """What of the inventory needs the operator's attention."""
        self._tell = tell
        self._stored = stored
        """Bytes of each tenant's recordings; raises StoreDown."""
        self.wrong_books: tuple[str, ...] = ()
        """What the check of last night found wrong."""
        self._limited_at = -1
        self._limited: tuple[str, ...] = ()
        self.store_down = ""
        """Why the store could not be used at the last try; empty: it could."""
        self.damage: list[Damage] = []
        """Lines of the journal that could not be read, the latest 100."""
        self.damaged = 0
        self.committed_rows = 0
        """Records committed since the start of this process."""
        self.committed_at = 0.0
        """When the last group was committed, UTC POSIX seconds; 0: none yet."""

    @property
    def waiting(self) -> int:
        """Records that are made and not committed."""
        return len(self._group)

    @property
    def open_calls(self) -> int:
        """Calls that are up, as far as the journal was read."""
        return self._gatherer.open_calls

    @property
    def place(self) -> Position:
        """How far the journal was read."""
        return self._reached

    def close(self) -> None:
        """Let the journal go; what is not committed is read again next time."""
        if self._reader is not None:
            self._reader.close()

    def step(self) -> float:
        """Read, and commit a group when it is due. Return seconds until the next step is worthwhile."""
        try:
            if self._reader is None:
                self._reader = self._begin()
            self._read()
            now = self._mono()
            due = self._committed_mono + GROUP_SECONDS
            if len(self._group) >= self._group_rows or (self._group and now >= due):
                self._commit()
                self._committed_mono = now
            elif now >= self._upkeep_due:
                self._upkeep()
                self._upkeep_due = now + UPKEEP_SECONDS
            if now >= self._requests_due:
                self._apply_requests()
                self._requests_due = now + REQUESTS_SECONDS
        except (StoreDown, SchemaMismatch) as error:
            self._tries += 1
            if not self.store_down:
                log.warning("the store cannot be used, records wait in the journal: %s", error)
            self.store_down = str(error) or type(error).__name__
            return min(LONGEST_WAIT, 0.2 * 2.0 ** min(self._tries, 8))
        if self.store_down:
            log.info("the store can be used again")
        self.store_down = ""
        self._tries = 0
        if self._entries or len(self._group) >= self._group_rows:
            return 0.0
        return POLL_SECONDS

    def finish(self) -> None:
        """Commit what is there, at an orderly end; without a store it stays in the journal."""
        try:
            if self._reader is None:
                self._reader = self._begin()
            self._read()
            while self._group:
                self._commit()
                self._read()
        except (StoreDown, SchemaMismatch) as error:
            log.warning("ended with the store down, records stay in the journal: %s", error)

    def _begin(self) -> JournalReader:
        committed, rebuild = self._database.read(self._places)
        self._gatherer = Gatherer(committed)
        self._reached = self._rebuild = rebuild
        self._entries.clear()
        self._group.clear()
        self._tell_standings()
        position = rebuild if rebuild > (0, 0) else None
        return JournalReader(self._journal, position, without=(DialogNow, Marks), on_damage=self._note_damage)

    def _places(self, root: Root) -> tuple[Position, Position]:
        progress: JournalProgress | None = root.records.journals.get(self._box)
        if progress is None:
            return Position(0, 0), Position(0, 0)
        return Position(*progress.committed), Position(*progress.rebuild)

    def _read(self) -> None:
        """Fold lines until a group is full or there are no more."""
        assert self._reader is not None
        group, entries = self._group, self._entries
        while len(group) < self._group_rows:
            if not entries:
                entries.extend(self._reader.read())
                if not entries:
                    self._reached = max(self._reached, self._reader.position)
                    break
            records, self._reached = self._gatherer.take(entries, self._group_rows - len(group))
            group.extend(records)
        self._at_step("read")

    def _commit(self) -> None:
        committed = max(self._reached, self._gatherer.committed)
        rebuild = self._gatherer.rebuild_from(committed)
        group = self._group

        def work(root: Root) -> None:
            progress = root.records.journals.get(self._box)
            if progress is None:
                progress = root.records.journals[self._box] = JournalProgress()
            take_in(root, group)
            progress.committed = tuple(committed)
            progress.rebuild = tuple(rebuild)

        self._at_step("before commit")
        self._database.transact(work, note="ledger")
        self._at_step("after commit")
        self.committed_rows += len(group)
        self.committed_at = self._utc()
        self._gatherer.committed = committed
        self._rebuild = rebuild
        group.clear()
        self._tell_standings()

    def _upkeep(self) -> None:
        remove_consumed(self._journal, self._rebuild, self._recorder_place, self._keep_seconds, self._utc())
        self._at_step("after removal")
        self._seal_closed_months()
        if self._mono() >= self._tidy_due:
            self._database.transact(partial(_tidy_missed, self._utc()), note="ledger tidy")
            self._tidy_due = self._mono() + TIDY_SECONDS
        self._close_days()
        if self._mono() >= self._numbers_due:
            self.numbers = look_after(self._database, self._utc())
            self._numbers_due = self._mono() + NUMBERS_SECONDS

    def _apply_requests(self) -> None:
        if self._database.read(lambda root: len(root.money.requests)):
            applied = self._database.transact(lambda root: root.money.apply_requests(), note="ledger money")
            log.info("%d requests for entries done", applied)
            self._tell_standings()

    def _tell_standings(self) -> None:
        """Tell how the accounts stand, for calls that have limits."""
        found = self._database.read(self._standings)
        if found is not None:
            self._tell(found)

    def _standings(self, root: Root) -> Standings | None:
        if self._limited_at != root.version:  # to read every tenant's settings at each commit would cost
            self._limited_at, self._limited = root.version, limited_tenants(root)
        return standings(root, self._limited, self._gatherer.committed, self._utc())

    def _close_days(self) -> None:
        """Make entries of the days whose calls are surely over, and do what months need; then check all."""
        now = self._utc()
        today = day_of(int((now - LATE_DAY) * 1000))
        before = self._database.read(lambda root: root.money.closed_before)
        if before >= today or self._entries:  # what the journal still holds is of days to be closed
            return
        if self._group:
            self._commit()
        stored = self._stored() if before[:6] < today[:6] else None
        self._database.transact(
            lambda root: close_days(root, today, int(now * 1000), stored), note="ledger days"
        )
        self._tell_standings()
        self._check_books(before or today, day_of(int((now - LATE_DAY - 86400) * 1000)))

    def _check_books(self, first_day: str, last_day: str) -> None:
        found = self._database.read(lambda root: list(problems(root, first_day, last_day)))
        wrong = [f"{tenant}: {why}" if tenant else why for tenant, why in found]
        wrong += [
            f"{call}: no record" for call in calls_without_record(self._journal, self._database, self._box)
        ]
        for each in wrong[:100]:
            log.critical("the books are wrong: %s", each)
        self.wrong_books = tuple(wrong)

    def _seal_closed_months(self) -> None:
        """Seal months that are over for good, some at a time: the first minute of a month closes many."""
        current = month_of(int((self._utc() - LATE_CALLS) * 1000))

        def closed(root: Root) -> list[tuple[str, str]]:
            found = (
                (name, month)
                for name, owner in root.records.owners.items()
                for month in owner.months.keys(None, current, excludemax=True)
                if not owner.months[month].settled
            )
            return list(islice(found, MONTHS_AT_ONCE))

        for name, month in self._database.read(closed):
            self._database.transact(partial(_seal, name, month), note="ledger seal")

    def _note_damage(self, damage: Damage) -> None:
        log.critical("journal damaged at %d:%d: %s", *damage.position, damage.why)
        self.damaged += 1
        self.damage.append(damage)
        del self.damage[:-100]
