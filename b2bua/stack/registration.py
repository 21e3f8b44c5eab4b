"""Registering trunks: keeps one registration with a carrier alive (RFC 3261 10.2, RFC 3608, RFC 7315).

IDLE -> (start) -> TRYING -> 200 -> REGISTERED -> (before it ends) -> TRYING ...
TRYING -> 401/407 answered once, 423 obeyed once, anything else -> WAITING with back-off and jitter -> TRYING
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.sip.text import read_number
from b2bua.sip.uri import escape_user
from b2bua.stack.resolver import Destination
from b2bua.stack.transports.reactor import DelayedCall, Times
from b2bua.stack.trunks.circuit import LONGEST_RETRY_AFTER
from b2bua.stack.trunks.credentials import trunk_credentials
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.presentation import outbound_domain
from b2bua.stack.trunks.requests import Once, Rows, SendRequest, SentBy, contact_uri, retry_after
from b2bua.stack.trunks.table import TrunkTable
from b2bua.stack.trunks.trunk import Trunk

FIRST_BACK_OFF = 5.0
LONGEST_BACK_OFF = 300.0
LONGEST_EXPIRES = 86_400
UNREGISTER_SECONDS = 2.0
MAX_ROUNDS = 4
"""Requests of one attempt: challenge, stale nonce, 423."""

_log = Logger()


class TrunkRegistration:
    """The registration of one trunk."""

    def __init__(
        self,
        trunk: Trunk,
        table: TrunkTable,
        hops: TrunkHops,
        send: SendRequest,
        sent_by: SentBy,
        clock: Times,
        random: Callable[[], float],
        fresh_token: Callable[[], str],
    ) -> None:
        self.trunk = trunk
        self._table = table
        self._hops = hops
        self._send = send
        self._sent_by = sent_by
        self._clock = clock
        self._random = random
        self._tag = fresh_token()
        self._call_id = fresh_token()
        self._cseq = 0
        self._expires = trunk.snapshot.register_seconds
        self._credentials = trunk_credentials(trunk.snapshot)
        self._failures = 0
        self._ends_at = 0.0
        self._due: DelayedCall | None = None
        self._lapse: DelayedCall | None = None
        self._flow: Flow | None = None
        self._attempt = 0
        self._stopped = False

    def start(self) -> None:
        """Begin to register."""
        self._try()

    def _plan(self, seconds: float) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None if self._stopped else self._clock.callLater(seconds, self._try)

    def _try(self) -> None:
        self._attempt += 1
        attempt = self._attempt
        try:
            found = self._hops.destinations(self.trunk)
            found.addCallback(lambda destinations: self._register(attempt, destinations))
            found.addErrback(self._broke)
        except Exception:
            _log.failure("registering {name} failed", name=self.trunk.name)
            self._plan(self._back_off())

    def _broke(self, failure: Failure) -> None:
        _log.failure("registering {name} failed", failure, name=self.trunk.name)
        self._plan(self._back_off())

    def _register(self, attempt: int, destinations: tuple[Destination, ...]) -> None:
        """Register at the first address; the next ones are for when it does not answer."""
        if self._stopped or attempt != self._attempt:
            return
        flows = [flow for flow in (self._hops.flow_to(self.trunk, one) for one in destinations) if flow]
        if not flows:
            self._failed("no address to register at", 0.0)
            return
        self._request(attempt, flows, 0, ())

    def _request(
        self, attempt: int, flows: list[Flow], round_: int, extra: tuple[tuple[str, str], ...]
    ) -> None:
        flow = flows[0]
        uri, rows = self._rows(flow, self._expires)
        rows += extra
        request = Request("REGISTER", uri, rows)
        heard = Once(partial(self._heard, attempt, flows, round_, request))
        self._send("REGISTER", uri, flow, rows, heard)

    def _rows(self, flow: Flow, expires: int) -> tuple[str, Rows]:
        snapshot = self.trunk.snapshot
        domain = outbound_domain(snapshot)
        address = f"sip:{escape_user(self.trunk.line_user)}@{domain}"
        self._cseq += 1
        rows: Rows = []
        if snapshot.outbound_proxy:
            rows.append(("Route", f"<sip:{snapshot.outbound_proxy};lr>"))
        rows += [
            ("From", f"<{address}>;tag={self._tag}"),
            ("To", f"<{address}>"),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} REGISTER"),
            ("Contact", f"<{contact_uri(self.trunk.line_user, flow, self._sent_by)}>;expires={expires}"),
            ("Expires", str(expires)),
            ("Supported", "path"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO"),
            ("User-Agent", "box400"),
        ]
        return f"sip:{domain}", rows

    def _heard(
        self,
        attempt: int,
        flows: list[Flow],
        round_: int,
        request: Request,
        response: Response | None,
        status: int,
    ) -> None:
        if self._stopped or attempt != self._attempt:
            return
        if response is None:
            if len(flows) > 1:
                self._request(attempt, flows[1:], 0, ())
            else:
                self._failed("no answer to REGISTER" if status == 408 else "registrar unreachable", 0.0)
        elif 200 <= status < 300:
            self._granted(flows[0], response)
        elif status in (401, 407) and round_ < MAX_ROUNDS:
            self._challenged(attempt, flows, round_, request, response)
        elif status == 423 and round_ < MAX_ROUNDS:
            self._too_brief(attempt, flows, round_, response)
        else:
            self._failed(f"REGISTER refused: {status}", min(retry_after(response), LONGEST_RETRY_AFTER))

    def _challenged(
        self, attempt: int, flows: list[Flow], round_: int, request: Request, response: Response
    ) -> None:
        repeated = request.has("Authorization") or request.has("Proxy-Authorization")
        asked = "Proxy-Authenticate" if response.status == 407 else "WWW-Authenticate"
        stale = any("stale=true" in row.lower() for row in response.get_all(asked))
        header = self._credentials(response, request) if self._credentials is not None else None
        if header is None or (repeated and not stale):
            self._failed("REGISTER refused: wrong password or realm", 0.0)
            return
        self._request(attempt, flows, round_ + 1, (header,))

    def _too_brief(self, attempt: int, flows: list[Flow], round_: int, response: Response) -> None:
        least = read_number(response.get("Min-Expires") or "", LONGEST_EXPIRES)
        if least is None or least <= self._expires:
            self._failed("REGISTER refused: 423", 0.0)
            return
        self._expires = least
        self._request(attempt, flows, round_ + 1, ())

    def _granted(self, flow: Flow, response: Response) -> None:
        seconds = self._granted_seconds(flow, response)
        state = self.trunk.registration
        was = state.registered
        state.service_routes = tuple(response.values("Service-Route"))
        identities = response.values("P-Associated-URI")
        state.identity = identities[0] if identities else ""
        state.address = flow.remote
        state.registered = True
        state.why = ""
        self._flow = flow
        self._failures = 0
        self._ends_at = self._clock.seconds() + seconds
        self._watch_end(seconds)
        # Well before the end, but not all trunks at once.
        early = min(60.0, seconds * 0.25)
        self._plan(max(1.0, (seconds - early) * (0.9 + 0.1 * self._random())))
        if not was:
            self._table.tell_state(self.trunk, True, "registered")

    def _granted_seconds(self, flow: Flow, response: Response) -> float:
        own = contact_uri(self.trunk.line_user, flow, self._sent_by)
        for raw in response.values("Contact"):
            if own in raw:
                _, found, value = raw.partition(">")[2].lower().partition("expires=")
                seconds = read_number(value.partition(";")[0].strip(' \t"'), LONGEST_EXPIRES)
                if found and seconds:
                    return float(seconds)
        seconds = read_number(response.get("Expires") or "", LONGEST_EXPIRES)
        return float(seconds or self._expires)

    def _watch_end(self, seconds: float) -> None:
        if self._lapse is not None and self._lapse.active():
            self._lapse.cancel()
        self._lapse = self._clock.callLater(seconds, self._lapsed)

    def _lapsed(self) -> None:
        self._lost("registration has run out")

    def _lost(self, why: str) -> None:
        state = self.trunk.registration
        state.why = why
        if state.registered:
            state.registered = False
            self._table.tell_state(self.trunk, False, why)

    def _failed(self, why: str, wait: float) -> None:
        first = self._failures == 0
        self._failures += 1
        if not self.trunk.registration.registered:
            self.trunk.registration.why = why
            if first:
                self._table.tell_state(self.trunk, False, why)
        elif "refused" in why:
            self._lost(why)
        self._plan(max(wait, self._back_off()))

    def _back_off(self) -> float:
        longest = min(FIRST_BACK_OFF * 2 ** min(self._failures, 10), LONGEST_BACK_OFF)
        return float(longest * (0.5 + 0.5 * self._random()))

    def flow_closed(self, flow: Flow) -> None:
        """Register again soon: the connection by which the carrier reaches us is gone."""
        if flow == self._flow and not self._stopped:
            self._plan(1.0 + self._random())

    def stop(self, *, unregister: bool) -> Deferred[None]:
        """End it; fires when the registrar has answered, or after 2 s."""
        self._stopped = True
        for delayed in (self._due, self._lapse):
            if delayed is not None and delayed.active():
                delayed.cancel()
        state = self.trunk.registration
        if not unregister or not state.registered or self._flow is None:
            return succeed(None)
        state.registered = False
        done: Deferred[None] = Deferred()
        patience = self._clock.callLater(UNREGISTER_SECONDS, done.callback, None)

        def finished() -> None:
            if patience.active():
                patience.cancel()
                done.callback(None)

        self._unregister(self._flow, (), finished)
        return done

    def _unregister(
        self, flow: Flow, extra: tuple[tuple[str, str], ...], finished: Callable[[], None]
    ) -> None:
        uri, rows = self._rows(flow, 0)
        rows += extra
        request = Request("REGISTER", uri, rows)

        def heard(response: Response | None, status: int) -> None:
            if response is not None and status in (401, 407) and not extra and self._credentials:
                header = self._credentials(response, request)
                if header is not None:
                    self._unregister(flow, (header,), finished)
                    return
            finished()

        self._send("REGISTER", uri, flow, rows, Once(heard))
