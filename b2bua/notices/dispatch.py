"""The heart of the process: what is due goes its way, what came of it is stored, again and again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from ZODB.POSException import ConflictError

from b2bua.alarms import AlarmBoard, Severity
from b2bua.notices.desk import Desk, Work
from b2bua.notices.lanes import Lane, pace_of
from b2bua.notices.sending import SendFailed
from domain.notices.delivery import Channel, Delivery, DeliveryState, Receipt, expired, sent, tried
from domain.notices.pace import Pace, said_together
from domain.notices.template import segments
from storage.connection import StoreDown
from storage.evolution import SchemaMismatch

log = logging.getLogger(__name__)

T = TypeVar("T")

ROUND_SECONDS: Final = 0.4
"""How often an idle process looks for something to send."""
SOON_SECONDS: Final = 0.05
"""How soon after an answer what came of it is stored."""
STORE_SECONDS: Final = 2.0
"""Between two tries while the store is down."""
FIRST_TIDY_SECONDS: Final = 600.0
TIDY_SECONDS: Final = 6 * 3600.0
MOST_RECEIPTS: Final = 10_000
"""Reports kept while the store is down."""
RECEIPT_WAITS: Final = 60.0
"""How long a report waits for the SMS it is about: it may come before the answer to the last part."""
MESSAGES_AT_ONCE: Final = 8
WEBHOOKS_AT_ONCE: Final = 4

RunInThread = Callable[[Callable[[], Any]], Deferred[Any]]


class Ways(Protocol):
    """Sends; every method returns the provider's id or "", and raises SendFailed."""

    def send(self, work: Work) -> Awaitable[str]:
        """Send an SMS or an e-mail by its gateway, or an event to a web server."""

    def say(self, work: Work, text: str) -> Awaitable[str]:
        """Let a robot say a text."""


class Dispatch:
    """Sends what is due. ``start`` once, ``stop`` at the end."""

    def __init__(
        self,
        clock: Any,
        utc: Callable[[], float],
        run: RunInThread,
        desk: Desk,
        ways: Ways,
        board: AlarmBoard,
    ) -> None:
        self._clock = clock
        self._utc = utc
        self._run = run
        self._desk = desk
        self._ways = ways
        self._board = board
        self._lanes: dict[str, Lane] = {}
        self._busy: dict[str, str] = {}
        """Id of a delivery that is under way or not stored yet -> its lane."""
        self._results: list[Delivery] = []
        self._receipts: list[Receipt] = []
        """Carriers' reports that are not stored yet."""
        self._next: Any = None
        self._round_under_way: Deferred[None] | None = None
        self._stopped = False
        self._tidy_due = clock.seconds() + FIRST_TIDY_SECONDS
        self._sends: set[Deferred[None]] = set()
        self.sent = 0
        self.failed = 0
        """Since the start."""

    @property
    def waiting(self) -> int:
        """Messages under way."""
        return len(self._busy)

    def start(self) -> None:
        """Begin to look."""
        self._next = self._clock.callLater(0.0, self._begin_round)

    def reported(self, receipt: Receipt) -> None:
        """Take a carrier's report on an SMS; it is stored soon."""
        if len(self._receipts) < MOST_RECEIPTS:
            self._receipts.append(receipt)
        self._schedule(SOON_SECONDS)

    async def stop(self) -> None:
        """Give up what is under way, and store what is known; the rest is due at the next start."""
        self._stopped = True
        if self._next is not None and self._next.active():
            self._next.cancel()
        if self._round_under_way is not None:
            await self._round_under_way
        for send in list(self._sends):
            send.cancel()
        await self._in_store(partial(self._desk.store, self._results))
        await self._in_store(partial(self._desk.report, self._receipts))

    def _begin_round(self) -> None:
        self._next = None
        self._round_under_way = Deferred.fromCoroutine(self._round())
        self._round_under_way.addErrback(self._crashed)

    def _crashed(self, failure: Any) -> None:
        log.critical("the round ended unforeseen:\n%s", failure.getTraceback())
        self._schedule(STORE_SECONDS)

    def _schedule(self, seconds: float) -> None:
        if self._stopped:
            return
        if self._next is not None:
            if self._next.getTime() <= self._clock.seconds() + seconds:
                return
            self._next.cancel()
        self._next = self._clock.callLater(seconds, self._begin_round)

    async def _round(self) -> None:
        done, self._results = self._results, []
        receipts, self._receipts = self._receipts, []
        now = self._utc()
        found = None
        try:
            found = await self._in_store(partial(self._of_store, done, receipts, now))
        finally:
            if found is None:  # whatever happened: nothing that was sent may be forgotten
                self._results = [*done, *self._results]
                self._receipts = [*receipts, *self._receipts]
        if found is None:
            self._schedule(STORE_SECONDS)
            return
        works, early = found
        self._receipts = [*early, *self._receipts]
        for delivery in done:
            self._busy.pop(delivery.id, None)
        if not self._stopped:
            self._begin(works)
        self._schedule(SOON_SECONDS if self._results else ROUND_SECONDS)

    def _of_store(
        self, done: list[Delivery], receipts: list[Receipt], now: float
    ) -> tuple[list[Work], list[Receipt]]:
        """Do in the store's thread what belongs there; return what is due, and reports to be kept a while."""
        self._desk.store(done)
        unknown = self._desk.report(receipts)
        self._desk.take_in(now)
        if self._clock.seconds() >= self._tidy_due:
            self._desk.tidy(now)
            self._tidy_due = self._clock.seconds() + TIDY_SECONDS
        busy = self._busy.keys() - {each.id for each in done}
        works = self._desk.due(now, busy, {name for name, lane in list(self._lanes.items()) if lane.down})
        return works, [each for each in unknown if each.at > now - RECEIPT_WAITS]

    async def _in_store(self, work: Callable[[], T]) -> T | None:
        """Return what work in the store comes to; None: it cannot be reached."""
        try:
            found: T = await self._run(work)
        except (StoreDown, SchemaMismatch, ConflictError) as error:
            self._board.raise_alarm(
                "notices:store",
                Severity.WARNING,
                f"通知暂停发送，存储不可用：{error}",
                f"notices wait, the store cannot be used: {error}",
            )
            return None
        self._board.clear("notices:store")
        return found

    # Sending.

    def _begin(self, works: list[Work]) -> None:
        now = self._clock.seconds()
        by_lane: dict[str, list[Work]] = {}
        for work in works:
            if work.refusal:
                self._refuse(work)
            elif work.delivery.expires < self._utc():
                self._store(work, expired(work.delivery, self._utc()))
            else:
                by_lane.setdefault(work.lane, []).append(work)
        for name, queue in by_lane.items():
            lane = self._lanes.get(name)
            if lane is None or lane.made_for != _settings_of(queue[0]):  # what was repaired is tried at once
                lane = self._lanes[name] = _lane_of(queue[0])
            if queue[0].robot is not None:
                self._say(lane, queue, now)
                continue
            for index, work in enumerate(queue):
                if lane.wait(now) > 0:
                    self._put_off(lane, queue[index:], now)
                    break
                self._launch(lane, [work], self._ways.send(work), now)

    def _say(self, lane: Lane, queue: list[Work], now: float) -> None:
        """Let a robot speak: one by one as long as it may, then all that waited in one message."""
        together = lane.wait(now) == 0 and lane.waited
        lane.waited = lane.wait(now) > 0
        if lane.waited:
            self._put_off(lane, queue, now)
        elif together:
            self._launch(lane, queue, self._ways.say(queue[0], _text_of(queue)), now)
        else:
            for index, work in enumerate(queue):
                if lane.wait(now) > 0:
                    lane.waited = True
                    self._put_off(lane, queue[index:], now)
                    break
                self._launch(lane, [work], self._ways.say(work, _text_of([work])), now)

    def _put_off(self, lane: Lane, works: list[Work], now: float) -> None:
        """Let what a way cannot take for a while make room for others."""
        rest = lane.rest(now)
        if rest:
            due = self._utc() + rest
            for work in works:
                self._store(work, msgspec.structs.replace(work.delivery, due=due))

    def _launch(self, lane: Lane, works: list[Work], sending: Awaitable[str], now: float) -> None:
        lane.begin(now)
        for work in works:
            self._busy[work.delivery.id] = work.lane
        send = Deferred.fromCoroutine(self._send(lane, works, sending))
        self._sends.add(send)
        send.addBoth(lambda _: self._sends.discard(send))

    async def _send(self, lane: Lane, works: list[Work], sending: Awaitable[str]) -> None:
        first = works[0]
        by = first.message.gateway.name if first.message is not None else first.delivery.to
        try:
            note = await sending
        except CancelledError:
            lane.under_way -= 1
            raise
        except SendFailed as failure:
            self._ended(lane, first, failure.why)
            for work in works:
                self._tried(work, tried(work.delivery, by, failure.why, self._utc(), again=failure.again))
            return
        except Exception as error:  # a fault of ours in one way must not stop the others
            log.exception("sending by %s failed unforeseen", first.lane)
            self._ended(lane, first, type(error).__name__)
            for work in works:
                self._tried(work, tried(work.delivery, by, "internal error", self._utc(), again=True))
            return
        self._ended(lane, first, "")
        self.sent += len(works)
        for work in works:
            self._store(work, sent(_counted(work), by, note, self._utc(), merged=len(works) - 1))

    def _ended(self, lane: Lane, work: Work, why: str) -> None:
        lane.end(self._clock.seconds(), well=not why)
        if work.message is None:
            return
        name = work.message.gateway.name
        if not why:
            self._board.clear(f"notices:gateway:{name}")
            self._board.clear("notices:setup")
        elif lane.down:
            self._board.raise_alarm(
                f"notices:gateway:{name}",
                Severity.WARNING,
                f"网关 {name} 连续 {lane.failures} 次发送失败：{why}",
                f"gateway {name} failed {lane.failures} times in a row: {why}",
            )

    def _tried(self, work: Work, delivery: Delivery) -> None:
        self.failed += delivery.state is not DeliveryState.WAITING
        self._store(work, delivery)

    def _refuse(self, work: Work) -> None:
        self.failed += 1
        delivery = work.delivery
        self._store(work, tried(delivery, "", work.refusal, self._utc(), again=False))
        if delivery.channel in (Channel.SMS, Channel.EMAIL) and "balance" not in work.refusal:
            self._board.raise_alarm(
                "notices:setup",
                Severity.WARNING,
                f"通知无法发送（租户 {delivery.tenant}）：{work.refusal}",
                f"notices cannot be sent (tenant {delivery.tenant}): {work.refusal}",
            )

    def _store(self, work: Work, delivery: Delivery) -> None:
        self._busy[delivery.id] = work.lane
        self._results.append(delivery)
        self._schedule(SOON_SECONDS)


def _counted(work: Work) -> Delivery:
    """Return the delivery with the SMS that it was, the signature included."""
    if work.message is None or work.delivery.channel is not Channel.SMS:
        return work.delivery
    count = segments(work.message.gateway.signed(work.delivery.text))
    return msgspec.structs.replace(work.delivery, segments=count)


def _settings_of(work: Work) -> object:
    return work.robot or work.webhook or (work.message and work.message.gateway)


def _lane_of(work: Work) -> Lane:
    settings = _settings_of(work)
    if work.message is not None:
        return Lane(MESSAGES_AT_ONCE, pace_of(work.message.gateway.per_second), settings)
    if work.robot is not None:
        return Lane(1, Pace(work.robot.per_minute, 60.0), settings)
    return Lane(WEBHOOKS_AT_ONCE, Pace(1000, 1.0), settings)


def _text_of(works: list[Work]) -> str:
    return said_together([work.delivery for work in works])
