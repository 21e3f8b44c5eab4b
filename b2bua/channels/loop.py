"""The channels' part of the process ``notices``: looks into mailboxes, sends e-mails, shares out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from b2bua.alarms import AlarmBoard, Severity
from b2bua.channels.desk import ChannelDesk, Post
from b2bua.channels.mailbox import MailboxDown, address_of, fetch_new
from b2bua.channels.posting import written
from b2bua.control import ControlClient, ControlDown, ControlFailed, Done
from b2bua.control_floor import Agents, AskAgents, SetLoads
from b2bua.look_ups import LookUps
from b2bua.notices.arrived import Arrived
from b2bua.notices.mail import hand_over
from b2bua.notices.sending import SendFailed
from b2bua.notices.sessions import Sessions
from domain.addresses import Network, networks_of
from domain.notices.ways import Gateway, GatewayKind
from storage.connection import StoreDown
from storage.conversations.letters import Letter
from storage.evolution import SchemaMismatch

log = logging.getLogger(__name__)

ROUND_SECONDS: Final = 1.0
KEEP_UP_SECONDS: Final = 5.0
TIDY_SECONDS: Final = 60.0
THREADS: Final = 6
VISITS: Final = THREADS - 2
"""Mailboxes looked into at a time: the store, SMS and sending have threads left."""
LETTERS_AT_ONCE: Final = 8
_STORE: Final = (StoreDown, SchemaMismatch)


class Channels:
    """One box's channels; ``start`` once, ``stop`` at the end."""

    def __init__(
        self,
        reactor: Any,
        utc: Callable[[], float],
        desk: ChannelDesk,
        sessions: Sessions,
        control: Path,
        board: AlarmBoard,
        networks: Callable[[], Iterable[str]],
    ) -> None:
        """``networks``: where tenants' servers may be beside public addresses."""
        self._networks = networks
        self._reactor = reactor
        self._utc = utc
        self._desk = desk
        self._sessions = sessions
        self._control = control
        self._board = board
        self._pool = ThreadPool(1, THREADS, "channels")
        self._due: dict[tuple[str, str], float] = {}
        self._busy: set[tuple[str, str]] = set()
        self._jobs: set[Deferred[Any]] = set()
        self._look_ups = LookUps(reactor, LETTERS_AT_ONCE)
        self._sending: dict[str, str] = {}
        """Id of a text -> tenant, of the e-mails that are being sent."""
        self._in_round = False
        self._tick: Any = None
        self._keep_up_due = self._tidy_due = 0.0
        self._told: dict[str, dict[str, int]] = {}

    def start(self) -> None:
        """Begin."""
        self._pool.start()
        self._sessions.take = self._sms
        self._round()

    async def stop(self) -> None:
        """End; what is under way is done to its end, within the time limits of servers."""
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        self._tick = None
        await DeferredList(list(self._jobs))
        self._pool.stop()
        self._look_ups.end()

    # -- rounds ------------------------------------------------------------------------------------

    def _round(self) -> None:
        self._tick = self._reactor.callLater(ROUND_SECONDS, self._round)
        if self._in_round:
            return
        self._in_round = True
        job = Deferred.fromCoroutine(self._do_round())
        self._watch(job)
        job.addBoth(self._round_over)

    def _round_over(self, result: Any) -> Any:
        self._in_round = False
        return result

    async def _do_round(self) -> None:
        now = self._utc()
        try:
            busy = dict(self._sending)
            posts, letters, gateways = await self._in_thread(partial(self._of_store, now, busy))
        except _STORE:
            return  # the dispatcher of notices raises the alarm
        for post in sorted(posts, key=lambda each: self._due.get(_key(each), 0.0)):
            self._look(post, now)
        for letter, files in letters:
            if letter.text.id not in self._sending:
                self._sending[letter.text.id] = letter.tenant
                self._watch(Deferred.fromCoroutine(self._send(letter, files)))
        if now >= self._keep_up_due:
            self._keep_up_due = now + KEEP_UP_SECONDS
            for gateway in gateways:
                self._watch(Deferred.fromCoroutine(self._keep_up(gateway)))

    def _of_store(
        self, now: float, busy: dict[str, str]
    ) -> tuple[list[Post], list[tuple[Letter, list[bytes]]], list[Gateway]]:
        if now >= self._tidy_due:
            self._tidy_due = now + TIDY_SECONDS
            self._desk.complete_parts(now)
        self._share(now)
        return self._desk.posts(), self._desk.letters(now, LETTERS_AT_ONCE, busy), self._desk.receiving()

    def _share(self, now: float) -> None:
        """Share out by what the b2bua says of agents; without it conversations wait."""
        try:
            with ControlClient(self._control, timeout=5.0) as client:
                agents = client.ask(AskAgents(), Agents).agents
                loads = self._desk.share(agents, now)
                if loads or self._told:
                    client.ask(SetLoads(loads), Done)
                self._told = loads
        except (ControlDown, ControlFailed) as error:
            log.debug("conversations wait: %s", error)

    # -- e-mail ------------------------------------------------------------------------------------

    def _look(self, post: Post, now: float) -> None:
        key = _key(post)
        if now < self._due.get(key, 0.0) or len(self._busy) >= VISITS:
            return
        if any(tenant == post.tenant for tenant, _ in self._busy):
            return  # slow servers of one tenant keep nobody else waiting
        self._busy.add(key)
        self._due[key] = now + post.mailbox.poll_seconds
        job = self._in_thread(partial(self._fetch, post))
        job.addCallbacks(lambda _: self._well(post), lambda failure: self._ill(post, failure))
        self._watch(job)
        job.addBoth(lambda _: self._busy.discard(key))

    def _fetch(self, post: Post) -> int:
        return fetch_new(
            post.mailbox,
            lambda data, size: self._desk.take_letter(post, data, size, self._utc()),
            lambda sender: self._desk.may(post, sender, self._utc()),
            self._allowed(),
        )

    def _allowed(self) -> tuple[Network, ...]:
        return networks_of(tuple(self._networks()))

    def _well(self, post: Post) -> None:
        self._board.clear(_alarm(post))

    def _ill(self, post: Post, failure: Any) -> None:
        error = failure.value
        if not isinstance(error, (MailboxDown, *_STORE)):
            log.error("mailbox %s of %s:\n%s", post.mailbox.name, post.tenant, failure.getTraceback())
        if not isinstance(error, _STORE):
            self._board.raise_alarm(
                _alarm(post),
                Severity.WARNING,
                f"租户 {post.tenant} 的邮箱 {post.mailbox.address} 无法收信：{error}",
                f"mailbox {post.mailbox.address} of tenant {post.tenant} cannot be read: {error}",
            )

    async def _send(self, letter: Letter, files: list[bytes]) -> None:
        why, again = "", True
        mailbox = letter.mailbox
        try:
            if not mailbox.smtp_host:
                why, again = "该邮箱未设置发信服务器 the mailbox has no SMTP server", False
            else:
                address = await self._look_ups.run(partial(address_of, mailbox.smtp_host, self._allowed()))
                content = written(letter, files, self._utc())
                await hand_over(
                    _gateway_of(letter), letter.conversation.peer, content, self._reactor, address=address
                )
        except MailboxDown as error:
            why = str(error)
        except TookTooLong:
            why = f"{mailbox.smtp_host} 域名解析超时 the name is not answered for"
        except SendFailed as failure:
            why, again = failure.why, failure.again
        except Exception as error:  # one letter that cannot be written must not stop the others
            log.exception("e-mail %s failed unforeseen", letter.text.id)
            why = f"无法发出 cannot be sent: {type(error).__name__} {error}"[:300]
        try:
            await self._in_thread(partial(self._desk.sent, letter, why, self._utc(), again=again))
        except _STORE as error:
            log.warning("what became of e-mail %s is not stored: %s", letter.text.id, error)
        finally:
            self._sending.pop(letter.text.id, None)

    # -- SMS ---------------------------------------------------------------------------------------

    async def _keep_up(self, gateway: Gateway) -> None:
        if gateway.kind not in (GatewayKind.SMPP, GatewayKind.CMPP2, GatewayKind.CMPP3):
            return
        try:
            await self._sessions.keep_up(gateway)
        except SendFailed as failure:
            self._board.raise_alarm(
                f"channels:gateway:{gateway.name}",
                Severity.WARNING,
                f"短信网关 {gateway.name} 无法连接，收不到上行短信：{failure.why}",
                f"gateway {gateway.name} cannot be reached, no SMS come in: {failure.why}",
            )
        else:
            self._board.clear(f"channels:gateway:{gateway.name}")

    def _sms(self, gateway: str, sms: Arrived) -> Deferred[bool]:
        """Keep an SMS; False: the store cannot be used, the gateway shall send it again."""
        job: Deferred[bool] = self._in_thread(partial(self._desk.take_sms, gateway, sms, self._utc()))
        job.addErrback(self._not_kept)
        self._watch(job)
        return job

    def _not_kept(self, failure: Any) -> bool:
        if not failure.check(*_STORE):
            log.error("an SMS was not kept:\n%s", failure.getTraceback())
        return False

    # -- small things ------------------------------------------------------------------------------

    def _in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._pool, work)

    def _watch(self, job: Deferred[Any]) -> None:
        """Remember a job until it is over; a fault of ours is logged and ends nothing else."""
        self._jobs.add(job)

        def over(result: Any) -> Any:
            self._jobs.discard(job)
            if hasattr(result, "getTraceback"):
                log.error("channels:\n%s", result.getTraceback())
                return None
            return result

        job.addBoth(over)


def _key(post: Post) -> tuple[str, str]:
    return post.tenant, post.mailbox.name


def _alarm(post: Post) -> str:
    return f"channels:mailbox:{post.tenant}:{post.mailbox.name}"


def _gateway_of(letter: Letter) -> Gateway:
    """Return a mailbox's server as one that e-mails are handed to."""
    mailbox = letter.mailbox
    return Gateway(
        f"{letter.tenant}:{mailbox.name}", GatewayKind.SMTP, host=mailbox.smtp_host, port=mailbox.smtp_port,
        username=(mailbox.username or mailbox.address) if mailbox.password else "",
        password=mailbox.password, sender=mailbox.address, sign=mailbox.label,
        encryption=mailbox.smtp_encryption,
    )  # fmt: skip
