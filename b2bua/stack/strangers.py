"""Keep strangers away cheaply: the gate that each datagram passes before it is parsed.

A stranger is a host that is no trunk's source, has registered no phone and was sent no request of ours. On
a listener without phones its datagrams are dropped unread. On a listener with phones it may try to REGISTER,
within a rate; nothing else of it is looked at. What passes here still meets the admission of requests
(:mod:`b2bua.stack.admission`), which authenticates.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from domain.token_bucket import TokenBucket

STRANGER_RATE = 5.0
"""Messages a second that one strange host may try on a listener with phones."""
STRANGER_BURST = 20.0
ALL_STRANGERS_RATE = 200.0
"""Messages a second that all strange hosts together may try."""
MAX_HOSTS = 10_000
"""Bound on each table of hosts; the oldest entry goes first."""

KnownNetwork = Callable[[str], bool]
"""Tells whether a host (IP literal) lies in a network from which a trunk's requests arrive."""


class Gate:
    """The gate of one listener.

    ``admitted`` is the hot set: the transports look a host up there and ask :meth:`admits` only when it is
    missing.
    """

    def __init__(
        self,
        now: Callable[[], float],
        known_network: KnownNetwork,
        *,
        phones: bool,
        refuses_invites: bool = False,
    ) -> None:
        """``refuses_invites``: one INVITE of each strange host passes, to be refused statelessly."""
        self.admitted: set[str] = set()
        self.dropped = 0
        """Datagrams refused since the start."""
        self._now = now
        self._known_network = known_network
        self._phones = phones
        self._refuses_invites = refuses_invites
        self._refused: set[str] = set()
        self._registered: dict[str, int] = {}
        self._addressed: OrderedDict[str, None] = OrderedDict()
        self._strange: set[str] = set()
        self._banned: OrderedDict[str, float] = OrderedDict()
        self._tries: OrderedDict[str, TokenBucket] = OrderedDict()
        self._all_tries = TokenBucket(ALL_STRANGERS_RATE, ALL_STRANGERS_RATE)

    def configure(self, *, phones: bool, refuses_invites: bool = False) -> None:
        """Take a new configuration; verdicts already given are forgotten."""
        self._phones = phones
        self._refuses_invites = refuses_invites
        self.forget_verdicts()

    def admits(self, host: str, data: bytes) -> bool:
        """Decide about one datagram or chunk of a host that is not in ``admitted``."""
        if host not in self._strange:
            if self._known_network(host):
                self._bound_and_admit(host)
                return True
            if len(self._strange) >= MAX_HOSTS:
                self._strange.clear()
            self._strange.add(host)
        if self._phones and data.startswith(b"REGISTER ") and self._may_try(host):
            return True
        if self._refuses_invites and data.startswith(b"INVITE ") and self._may_be_refused(host):
            return True
        self.dropped += 1
        return False

    def _may_be_refused(self, host: str) -> bool:
        if host in self._refused or not self._may_try(host):
            return False
        if len(self._refused) >= MAX_HOSTS:
            self._refused.clear()
        self._refused.add(host)
        return True

    def admits_connection(self, host: str) -> bool:
        """Decide whether a host may open a TCP or TLS connection."""
        if host in self.admitted:
            return True
        if self._known_network(host):
            self._bound_and_admit(host)
            return True
        if self._phones and self._may_try(host):
            return True
        self.dropped += 1
        return False

    def addressed(self, host: str) -> None:
        """Note that a request of ours went to this host: answers and requests in the dialog may come in."""
        self._addressed[host] = None
        self._addressed.move_to_end(host)
        if len(self._addressed) > MAX_HOSTS:
            self._withdraw(self._addressed.popitem(last=False)[0])
        self._bound_and_admit(host)

    def registered(self, host: str) -> None:
        """Let in the host of a phone that proved its secret; calls nest, one per binding."""
        self._registered[host] = self._registered.get(host, 0) + 1
        self._bound_and_admit(host)

    def unregistered(self, host: str) -> None:
        """Take back one :meth:`registered`."""
        left = self._registered.get(host, 0) - 1
        if left > 0:
            self._registered[host] = left
        else:
            self._registered.pop(host, None)
            self._withdraw(host)

    def is_registered(self, host: str) -> bool:
        """Tell whether a phone behind this host is registered."""
        return host in self._registered

    def ban(self, host: str, until: float) -> None:
        """Drop everything a strange host sends until a monotonic time; known hosts cannot be banned."""
        self._banned[host] = until
        self._banned.move_to_end(host)
        if len(self._banned) > MAX_HOSTS:
            self._banned.popitem(last=False)

    def _may_try(self, host: str) -> bool:
        now = self._now()
        until = self._banned.get(host)
        if until is not None:
            if now < until:
                return False
            del self._banned[host]
        bucket = self._tries.get(host)
        if bucket is None:
            bucket = self._tries[host] = TokenBucket(STRANGER_RATE, STRANGER_BURST)
            if len(self._tries) > MAX_HOSTS:
                self._tries.popitem(last=False)
        return bucket.take(now) and self._all_tries.take(now)

    def _bound_and_admit(self, host: str) -> None:
        if len(self.admitted) >= 2 * MAX_HOSTS:
            self.forget_verdicts()
        self._strange.discard(host)
        self.admitted.add(host)

    def _withdraw(self, host: str) -> None:
        if host not in self._registered and host not in self._addressed and not self._known_network(host):
            self.admitted.discard(host)

    def forget_verdicts(self) -> None:
        """Judge every host anew: the trunks' networks have changed."""
        self._strange.clear()
        self.admitted.clear()
        self.admitted.update(self._registered, self._addressed)
