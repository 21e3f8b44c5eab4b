"""The registrar of agents' SIP phones: REGISTER in, ways to ring an extension out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.logger import Logger

from b2bua.calls.ports import Dialling
from b2bua.sip.core_admission import SILENCE, Admission, Admitted, Refused
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.sip.respond import response_to
from b2bua.sip.uri import escape_user
from b2bua.stack.next_hop import NextHop
from b2bua.stack.registrar_accounts import Accounts, Ignored, Proved, Unproved
from b2bua.stack.registrar_bindings import Binding, Bindings
from b2bua.stack.registrar_names import address_of_record, is_named_by
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import TransportFailed
from b2bua.stack.transports.reactor import DelayedCall, Times
from b2bua.stack.trunks.presentation import ANONYMOUS
from domain.snapshot import BoxSnapshot, ExtensionSnapshot

KEEP_ALIVE_SECONDS = 25.0
"""Below the 30 s after which common NATs forget a UDP path."""
PHONE_FAILOVER_SECONDS = 4.0
PING = b"\r\n\r\n"

_log = Logger()


class Sends(Protocol):
    """Sends bytes (:class:`b2bua.stack.transports.listeners.Listeners`)."""

    def send(self, data: bytes, flow: Flow) -> None:
        """Send along a flow; raises TransportFailed."""


class Registrar:
    """Keeps the bindings of all extensions and authenticates what extensions send."""

    def __init__(
        self,
        accounts: Accounts,
        gate_of: Callable[[str], Gate],
        sends: Sends,
        clock: Times,
        fresh_token: Callable[[], str],
    ) -> None:
        self.accounts = accounts
        self.bindings = Bindings(self._changed)
        self.on_changed: Callable[[], None] | None = None
        """Called after each change of the bindings (``registrar_file`` saves them)."""
        self._gate_of = gate_of
        self._sends = sends
        self._clock = clock
        self._fresh_token = fresh_token
        self._realm = ""
        self._tick: DelayedCall | None = None

    def configure(self, box: BoxSnapshot) -> None:
        """Put the extensions in force; bindings of those that are gone are dropped."""
        self._realm = box.realm
        self.accounts.configure(box.extensions, box.realm, box.phone_domain)
        names = {extension.account for extension in box.extensions}
        for name in {name for name, _ in self.bindings.all()} - names:
            self.bindings.drop_name(name)

    def start(self) -> None:
        """Begin to send keep-alives and to drop what has run out."""
        self._tick = self._clock.callLater(KEEP_ALIVE_SECONDS, self._keep_alive)

    def stop(self) -> None:
        """Stop both."""
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        self._tick = None

    # requests of extensions

    def admit(self, request: Request, flow: Flow) -> Admission:
        """Judge a request outside dialogs that came by no trunk.

        REGISTER may come from anywhere; all else only from a host with a registered phone, so that a scanner
        learns nothing. Inside a dialog (To has a tag) and for OPTIONS the registered flow is proof enough.
        """
        host = flow.remote[0]
        if request.method != "REGISTER":
            if not self._gate_of(flow.listener).is_registered(host):
                return SILENCE
            owner = self.bindings.owner_of(flow)
            if owner is not None and (request.method in _UNPROVED or _in_dialog(request)):
                return Admitted(extension=owner)
            if request.method in _UNPROVED:
                return SILENCE
        verdict = self.accounts.check(request, host, flow.listener, self._clock.seconds())
        if isinstance(verdict, Proved):
            if not _names(request, verdict.extension):
                return Refused(403, "Not Your Address")
            return Admitted(extension=verdict.extension.account)
        if isinstance(verdict, Ignored):
            return SILENCE
        return Refused(401, "Unauthorized", verdict.headers)

    def register(self, request: Request, admitted: Admitted, reply: Callable[[Response], None]) -> None:
        """Answer a REGISTER that the core let in (:data:`b2bua.stack.reception.Register`)."""
        flow = request.source
        assert flow is not None
        name = admitted.extension
        if name is None:
            # From a trunk's address: a phone behind it authenticates all the same.
            verdict = self.accounts.check(request, flow.remote[0], flow.listener, self._clock.seconds())
            if isinstance(verdict, Unproved):
                self._answer(request, reply, 401, verdict.headers)
                return
            if not isinstance(verdict, Proved) or not _names(request, verdict.extension):
                self._answer(request, reply, 403)
                return
            name = verdict.extension.account
        extension = self.accounts.get(name)
        if extension is None:
            self._answer(request, reply, 404)
            return
        now = self._clock.seconds()
        try:
            live = self.bindings.register(name, request, flow, extension.max_bindings, now)
        except SipError as error:
            self._answer(request, reply, error.status, error.headers, error.reason)
            return
        self._answer(request, reply, 200, _listing(request, live, now))

    def _answer(
        self,
        request: Request,
        reply: Callable[[Response], None],
        status: int,
        headers: Sequence[tuple[str, str]] = (),
        reason: str | None = None,
    ) -> None:
        reply(response_to(request, status, reason, to_tag=self._fresh_token(), headers=headers))

    # calls to extensions

    def hops(self, dialling: Dialling) -> Sequence[NextHop]:
        """Give one hop for each phone of an extension, the best first; empty when none is registered."""
        extension = self.accounts.of(dialling.tenant, dialling.target)
        if extension is None:
            return ()
        live = self.bindings.of(extension.account, self._clock.seconds())
        return [self._hop(binding, extension, dialling) for binding in live]

    def _hop(self, binding: Binding, extension: ExtensionSnapshot, dialling: Dialling) -> NextHop:
        realm = self._realm or "localhost"
        hidden = dialling.anonymous or not dialling.caller
        headers: list[tuple[str, str]] = [("Privacy", "id")] if hidden else []
        if dialling.tenant_number:
            # Which 400 number was called shows on phones that display it.
            headers.append(("Diversion", f"<sip:{dialling.tenant_number}@{realm}>;reason=unconditional"))
        return NextHop(
            trunk=None,
            uri=binding.request_uri,
            flow=binding.flow,
            from_=ANONYMOUS if hidden else f"<sip:{escape_user(dialling.caller)}@{realm}>",
            to=f"<sip:{escape_user(extension.account)}@{realm}>",
            routes=binding.path,
            headers=tuple(headers),
            failover_seconds=PHONE_FAILOVER_SECONDS,
            follow_contact=False,
        )

    # time and connections

    def flow_closed(self, flow: Flow) -> None:
        """Drop what was registered over a connection that is gone."""
        self.bindings.drop_flow(flow)

    def _keep_alive(self) -> None:
        self._tick = self._clock.callLater(KEEP_ALIVE_SECONDS, self._keep_alive)
        try:
            self.bindings.expire(self._clock.seconds())
            for flow in {binding.flow for _, binding in self.bindings.all()}:
                try:
                    self._sends.send(PING, flow)
                except TransportFailed:
                    continue
        except Exception:
            _log.failure("keep-alives of phones failed")

    def _changed(self, name: str, old: tuple[Binding, ...], new: tuple[Binding, ...]) -> None:
        for binding in new:
            self._gate_of(binding.flow.listener).registered(binding.flow.remote[0])
        for binding in old:
            self._gate_of(binding.flow.listener).unregistered(binding.flow.remote[0])
        if self.on_changed is not None:
            self.on_changed()


_UNPROVED = frozenset({"OPTIONS", "ACK", "CANCEL"})
"""Methods that are not challenged (ACK and CANCEL cannot be, RFC 3261 22.1)."""


def _in_dialog(request: Request) -> bool:
    try:
        return request.to.tag is not None
    except SipError:
        return False


def _names(request: Request, extension: ExtensionSnapshot) -> bool:
    """Tell whether the request is in the name of who authenticated: To of a REGISTER, From of all else."""
    address = address_of_record(request)
    return address is not None and is_named_by(extension, address.user_unescaped)


def _listing(request: Request, live: Sequence[Binding], now: float) -> list[tuple[str, str]]:
    """Write the Contacts of a 200, with what is left of each."""
    headers = []
    for binding in live:
        left = max(1, round(binding.until - now))
        instance = f";+sip.instance={binding.instance}" if binding.instance else ""
        q = f";q={binding.q:.3g}" if binding.q < 1 else ""
        headers.append(("Contact", f"<{binding.contact}>;expires={left}{q}{instance}"))
    if request.has("Path") and "path" in request.tokens("Supported"):
        headers += [("Path", value) for value in request.get_all("Path")]
    return headers
