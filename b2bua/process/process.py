"""The b2bua process put together: configuration, journal, media, SIP, calls, control, in the order of their
start."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from b2bua.alarms import AlarmBoard, Severity, save_to
from b2bua.calls.authorise import NotAllowed
from b2bua.calls.call import Call
from b2bua.calls.call_back import CallBacks
from b2bua.calls.in_call import InCall
from b2bua.calls.live import Live
from b2bua.calls.place import restore_places
from b2bua.calls.ports import CallPorts
from b2bua.calls.rates import DialRates
from b2bua.calls.switchboard import MARK_SECONDS, NotBegun, Switchboard
from b2bua.calls.trial import try_menu, try_trunk
from b2bua.clock import MonotonicReactor, ReactorClock
from b2bua.control import (
    Begun,
    Calls,
    Done,
    Failed,
    InCallRequest,
    InForce,
    LiveCall,
    Response,
    Status,
    TryMenu,
    TryTrunk,
)
from b2bua.control_floor import Agents, Changed, FloorRequest, Queues
from b2bua.control_server import listen
from b2bua.directory import FileDirectory
from b2bua.live_file import SAVE_SECONDS as LIVE_SECONDS
from b2bua.live_file import LiveFiles
from b2bua.media.relay import WorkerRelay, relay_settings
from b2bua.metrics import make_registry, make_site
from b2bua.process.backup import CHECK_SECONDS as BACKUP_SECONDS
from b2bua.process.backup import BackupWatch
from b2bua.process.calendar import CHECK_SECONDS as CALENDAR_SECONDS
from b2bua.process.calendar import CalendarWatch
from b2bua.process.changes import Changes, WatchedJournal
from b2bua.process.contacts import ContactUnknown, StoredContacts
from b2bua.process.disk import CHECK_SECONDS, DiskWatch
from b2bua.process.figures import Figures
from b2bua.process.floor import HOURS_SECONDS, FloorDesk, kept_floor
from b2bua.process.in_call import carry_out
from b2bua.process.lag import ReactorLag
from b2bua.process.messages import LOOK_SECONDS, MessageQuota
from b2bua.process.neighbours import Ledger, Notices, Recorder
from b2bua.process.offsite import CHECK_SECONDS as OFFSITE_SECONDS
from b2bua.process.offsite import OffsiteWatch
from b2bua.process.sip import SipSide
from b2bua.process.timers import Every, LaterSaver
from b2bua.process.troubles import Troubles
from b2bua.process.tuning import settle
from b2bua.process.unread import settle_unread
from b2bua.process.upgrades import CHECK_SECONDS as UPGRADE_SECONDS
from b2bua.process.upgrades import UpgradeWatch
from b2bua.process.watch import CHECK_SECONDS as WATCH_SECONDS
from b2bua.process.watch import Watch
from b2bua.process.wishes import kept_wishes
from b2bua.recorder import shipped
from b2bua.recovery import Recovery, spoken_until
from b2bua.stack.randomness import take_random
from b2bua.trace import FLUSH_SECONDS, Trace
from b2bua.trunk_history import TrunkHistory, read_history
from b2bua.webclient import AgentWebClient
from domain.money.funds import Funds
from domain.outcomes import VERDICTS
from domain.places.place import UNKNOWN
from storage.data_directory import DataDirectory, Settings
from storage.journal import JournalWriter, OpenCall, open_calls
from storage.machine.readiness import notify
from storage.serving.standings import read_standings

WATCHDOG_SECONDS = 5.0


class NothingOpen(Exception):
    """No listener can be opened: there is nothing to serve."""


class Process:
    """One b2bua on one data directory."""

    def __init__(
        self, reactor: MonotonicReactor, data: DataDirectory, settings: Settings, *, web: str = ""
    ) -> None:
        """Read configuration and journal; raises JournalBusy when another process serves this directory.

        ``web``: where `/healthz` and `/metrics` are served besides ``run/figures.sock``.
        """
        self._web = web
        self.data = data
        self.settings = settings
        self.reactor = reactor
        self.clock = ReactorClock(reactor)
        self.started_mono = self.clock.mono()
        self.alarms = AlarmBoard(self.clock.utc, LaterSaver(reactor.callInThread, save_to(data.alarms_file)))
        self.troubles = Troubles(self.alarms, reactor.callLater)
        self.trunk_history = TrunkHistory(
            read_history(data.trunk_history),
            self.clock.utc,
            LaterSaver(reactor.callInThread, save_to(data.trunk_history)),
        )
        self.directory = FileDirectory(data, self._shipped_voice())
        self.directory.reload()
        self.disk = DiskWatch(
            data.root, self.alarms, on_full=lambda: self.switchboard.stop_recordings("disk")
        )
        self.holidays = CalendarWatch(self.alarms, self.clock.utc, lambda: self.directory.facts.calendar)
        self._cut: list[OpenCall] = open_calls(data.journal)
        self.journal = JournalWriter(
            data.journal,
            grouped=True,
            on_error=self._from_thread(self.troubles.journal_fails),
            on_recovered=self._from_thread(self.troubles.journal_writes),
        )
        self.changes = Changes(reactor.callLater, int(self.clock.utc() * 1000))
        self.trace = Trace(data.trace, self.clock.utc)
        listeners = settings.listeners_of(self.directory.box)
        self.media = WorkerRelay(reactor, relay_settings(data, settings, listeners))
        self.switchboard: Switchboard
        self.sip = SipSide(
            reactor,
            self,
            wire=self.trace,
            before_send=self.journal.flush,
            on_trunk_state=self._trunk_turned,
            on_guessing=self.troubles.guessing,
            on_listener=self.troubles.listener,
            calls_in=lambda trunk: self.switchboard.admission.by_trunk[trunk],
        )
        self.message_quota = MessageQuota(data)
        self.live_files = LiveFiles(Live(), data.caller_memory, data.turns, reactor.callInThread)
        self.live_files.load()
        self.funds = Funds()
        self.web = AgentWebClient(reactor, self.clock.utc, lambda: self.directory.box.web_networks)
        self.switchboard = Switchboard(
            CallPorts(
                dialler=self.sip.dialler,
                media=self.media,
                journal=WatchedJournal(self.journal, self.changes),
                directory=self.directory,
                clock=self.clock,
                randomness=take_random,
                may_record=lambda: self.disk.may_record,
                belongs=self.trace.belongs,
                web=self.web,
                messages_full=self.message_quota.is_full,
                wishes=kept_wishes(data.root / "call-backs.json", reactor.callInThread, self.clock.utc),
                funds=self.funds,
                rates=DialRates(self.troubles.rung_too_often),
                live=self.live_files.live,
                floor=kept_floor(data.agents_file, reactor.callInThread),
            ),
            self.sip.calls_out,
        )
        self.call_backs = CallBacks(self.switchboard)
        self.contacts = StoredContacts(data)
        self.floors = self.switchboard.ports.floor
        self.floors.begin_call_back = self.call_backs.begin
        self.floors.on_change = self.changes.touch
        self.floor_desk = FloorDesk(self.floors, self.clock.mono)
        self.arrive = self.switchboard.arrive
        self.refused = self.switchboard.refused
        self.lag = ReactorLag(reactor)
        self.watch = Watch(
            self.alarms,
            lambda: [home.process for home in self.media.homes],
            self.lag.worst_recent,
            {
                "ledger": Ledger(data, self.clock.mono),
                "recorder": Recorder(data, self.clock.mono),
                "notices": Notices(data, self.clock.mono),
            },
        )
        self.backups = BackupWatch(data, self.alarms, lambda: self.directory.box.backup, self.clock.utc)
        self.offsite = OffsiteWatch(data, self.alarms, lambda: self.directory.box.offsite, self.clock.utc)
        self.upgrades = UpgradeWatch(data, self.alarms)
        self.media.on_spool_failed = self.troubles.recording
        self.figures = Figures(self)
        self._timers: list[Every] = []
        self._ports: list[Any] = []
        self._stopping = False

    def take_standings(self) -> None:
        """Take what the ledger last wrote of tenants' accounts."""
        standings = read_standings(self.data)
        if standings is not None:
            self.funds.take(standings)

    def _shipped_voice(self) -> dict[str, str]:
        """Return the shipped prompts, prepared; without them callers hear tones only, which is no reason not
        to serve them."""
        try:
            return shipped.ensure(self.data)
        except OSError as failure:
            self.alarms.raise_alarm(
                "shipped-prompts",
                Severity.CRITICAL,
                f"自带提示音无法就绪，主叫听不到系统提示：{failure}；请检查磁盘空间后重启",
                f"No shipped prompts, callers hear no announcements: {failure}; make room and restart",
            )
            return {}

    def _trunk_turned(self, name: str, up: bool, why: str) -> None:
        self.troubles.trunk(name, up, why)
        self.trunk_history.note(name, up, why)

    # -- start and end -----------------------------------------------------------------------------

    def start(self) -> None:
        """Open everything, end what a crash left, then take calls; raises NothingOpen."""
        self.alarms.publish()
        self.message_quota.look()
        self.disk.check()
        self.holidays.check()
        self.media.start()
        self.sip.configure(self.directory.box, self.settings.listeners_of(self.directory.box))
        if not self.sip.listener_states():
            raise NothingOpen("; ".join(alarm.en for alarm in self.alarms.up()))
        recovery = Recovery(self.sip.driver.core, self.journal, self.trace, spoken_until(self.data.spool))
        recovery.run(self._cut)
        if recovery.calls:
            self.troubles.recovered(recovery.calls)
        self._cut = []
        self.journal.flush()
        settle_unread(self.funds, self.directory, self.data)
        self.sip.start(self.data.root / "registrations.json", self.clock.utc)
        self.floors.configure(self.directory.tenants())
        for tenant in self.directory.tenants():
            if tenant.queues:
                restore_places(tenant, self.switchboard.ports)
        self._ports.append(listen(self.reactor, self.data.control_socket, self))
        self._serve_figures()
        self._timers += [
            Every(self.reactor, MARK_SECONDS, self.switchboard.mark),
            Every(self.reactor, FLUSH_SECONDS, self.trace.flush),
            Every(self.reactor, LIVE_SECONDS, self.live_files.save),
            Every(self.reactor, CHECK_SECONDS, self.disk.check),
            Every(self.reactor, CALENDAR_SECONDS, self.holidays.check),
            Every(self.reactor, WATCH_SECONDS, self.watch.check),
            Every(self.reactor, BACKUP_SECONDS, self.backups.check),
            Every(self.reactor, OFFSITE_SECONDS, self.offsite.check),
            Every(self.reactor, UPGRADE_SECONDS, self.upgrades.check),
            Every(self.reactor, LOOK_SECONDS, self.message_quota.look),
            Every(self.reactor, HOURS_SECONDS, self.floors.check_hours),
            Every(self.reactor, WATCHDOG_SECONDS, lambda: notify("WATCHDOG=1")),
        ]
        self.reactor.before_wait(self.journal.flush)
        self.lag.start()
        settle()
        notify("READY=1")

    def stop(self) -> Deferred[None]:
        """Refuse new calls, end those up with BYE, write everything; fires when the process may end."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        notify("STOPPING=1")
        had_calls = bool(self.switchboard.calls)
        drained = self.switchboard.drain()
        unregistered = self.sip.leave()
        await self._within(1.0, drained)
        if had_calls:
            await self._within(0.8, self.sip.quiet())
        for timer in self._timers:
            timer.stop()
        self.lag.stop()
        for port in self._ports:
            await port.stopListening()
        await self._within(0.8, self.media.stop())
        await self._within(0.3, unregistered)
        await self.sip.close()
        self.web.end()
        self.trace.close()
        self.live_files.write_now()
        self.journal.close()

    async def _within(self, seconds: float, wish: Deferred[Any]) -> None:
        """Wait for a wish so long; all the waits of a stop together stay under 3 s."""
        done: Deferred[None] = Deferred()

        def end(_: object) -> None:
            if not done.called:
                done.callback(None)

        limit = self.clock.after(seconds)
        limit.addBoth(end)
        wish.addBoth(end)
        await done
        limit.cancel()

    def _serve_figures(self) -> None:
        registry = make_registry(self.figures.sources())
        reactor: Any = self.reactor
        site = make_site(registry, self.why_no_calls)
        path = self.data.figures_socket
        path.unlink(missing_ok=True)  # of a process that died; the journal's lock says that we are alone
        try:
            self._ports.append(reactor.listenUNIX(str(path), site, mode=0o660))
            if self._web:
                host, _, port = self._web.rpartition(":")
                self._ports.append(reactor.listenTCP(int(port), site, interface=host.strip("[]")))
        except CannotListenError as error:  # no reason to take no calls
            self.troubles.web(error)

    # -- what watches ------------------------------------------------------------------------------

    def why_no_calls(self) -> str:
        """Say why no new call is taken, empty when they are."""
        if self.switchboard.draining:
            return "draining"
        return "the journal cannot be written" if self.journal.failing else ""

    def _from_thread(self, function: Any) -> Any:
        return lambda *arguments: self.reactor.callFromThread(function, *arguments)

    # -- what the control socket asks --------------------------------------------------------------

    def status(self) -> Status:
        """Describe the process."""
        return self.figures.status()

    def calls(self) -> Calls:
        """List the calls that are up."""
        now = self.clock.mono()
        return Calls([_live(call, now) for call in self.switchboard.calls.values()])

    def hang_up(self, call: str) -> bool:
        """End a call."""
        return self.switchboard.take_down(call)

    def in_call(self, request: InCallRequest) -> Done | Failed:
        """Do something to a call that is up."""
        return carry_out(InCall(self.switchboard.calls), request)

    def floor(self, request: FloorRequest) -> Queues | Agents | Done | Failed:
        """Tell of queues or agents, or set an agent."""
        return self.floor_desk.answer(request)

    def changed(self, seen: int) -> Deferred[Changed]:
        """Tell when calls, queues or agents are not any more as they were."""
        return self.changes.after(seen)

    def call_back(self, tenant: str, contact: str, agent: str) -> Deferred[Response]:
        """Ring an agent, then the caller of a contact of his tenant."""
        return Deferred.fromCoroutine(self._call_back(tenant, contact, agent))

    async def _call_back(self, tenant: str, contact: str, agent: str) -> Response:
        try:
            found = await self.contacts.find(tenant, contact)
            if found is None:
                return Failed(f"{tenant} has no contact {contact}", f"{tenant} 没有联系记录 {contact}")
            return Begun(self.call_backs.begin(found, agent).call)
        except NotAllowed as refused:
            return Failed(str(refused), f"不允许回拨：{refused.zh}")
        except NotBegun as refused:
            return Failed(str(refused), f"现在无法呼叫：{VERDICTS[refused.outcome].zh}")
        except ContactUnknown as unknown:
            return Failed(str(unknown), f"查不到联系记录：{unknown}")

    def trial(self, request: TryMenu | TryTrunk) -> Response:
        """Begin a test call."""
        board = self.switchboard
        try:
            if isinstance(request, TryMenu):
                return Begun(try_menu(board, request.tenant, request.number, request.phone, request.flow).id)
            return Begun(try_trunk(board, request.trunk, request.to, request.shows).id)
        except NotAllowed as refused:
            return Failed(str(refused), f"不允许呼叫：{refused.zh}")
        except NotBegun as refused:
            return Failed(str(refused), f"现在无法呼叫：{VERDICTS[refused.outcome].zh}")

    def reload(self) -> InForce:
        """Put the snapshot files in force, for calls from now on."""
        versions = self.directory.reload()
        self.holidays.check()
        self.floors.configure(self.directory.tenants())
        errors = dict(versions.errors)
        try:
            listeners = self.settings.listeners_of(self.directory.box)
            self.sip.configure(self.directory.box, listeners)
            self.media.configure(listeners)
            trunks = [trunk.name for trunk in self.directory.box.trunks]
            self.troubles.forget(trunks, [each.name for each in listeners])
            self.trunk_history.forget(trunks)
            self.sip.peers.reach_out()
        except ValueError as error:
            errors["box.json"] = str(error)
        return InForce(box=versions.box, tenants=versions.tenants, errors=errors)

    def flush_trace(self) -> None:
        """Write traced messages that are still in memory."""
        self.trace.flush()

    def refuse_calls(self, on: bool) -> None:
        """Refuse new calls and let those up go on, or take calls again."""
        self.switchboard.draining = on


def _live(call: Call, now: float) -> LiveCall:
    place = call.facts.place if call.facts is not None else UNKNOWN
    return LiveCall(
        call=call.id,
        number=call.plan.number if call.plan is not None else call.invitation.called,
        tenant=call.tenant.id if call.tenant is not None else "",
        caller=call.invitation.caller,
        state=call.state.value,
        who=call.talking_to,
        trunk=call.invitation.trunk or call.invitation.extension or call.direction,
        seconds=now - call.started_mono,
        talk_seconds=now - call.talking_mono if call.talking_mono is not None else None,
        area_code=place.area_code,
        place=place.name,
        parts=call.talk.parts() if call.talk is not None else {},
    )
