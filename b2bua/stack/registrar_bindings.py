"""Where phones can be reached: the bindings of RFC 3261 10.3, with Path (RFC 3327). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.text import read_number
from b2bua.sip.uri import Uri

MIN_EXPIRES = 60
MAX_EXPIRES = 7200
DEFAULT_EXPIRES = 3600


class Binding(msgspec.Struct, frozen=True):
    """One phone of an extension."""

    contact: str
    """Contact URI as registered, with its parameters; becomes the Request-URI of calls to it."""
    call_id: str
    cseq: int
    until: float
    """Monotonic seconds."""
    flow: Flow
    """Where the REGISTER came from: calls go back along it (NAT)."""
    q: float = 1.0
    instance: str = ""
    """``+sip.instance`` (RFC 5626): a phone that comes back with another address replaces itself."""
    path: tuple[str, ...] = ()
    user_agent: str = ""
    since: float = 0.0

    @property
    def uri(self) -> Uri:
        """The contact, parsed."""
        return Uri.parse(self.contact)

    @property
    def request_uri(self) -> str:
        """The Request-URI of calls: the contact without its escaped headers, which never become headers."""
        uri = self.uri
        return str(uri.replace(headers="")) if uri.headers else self.contact

    @property
    def behind_nat(self) -> bool:
        """Whether the contact's address is not the one that packets come from."""
        uri = self.uri
        return uri.address != self.flow.remote[0] or (uri.port or 5060) != self.flow.remote[1]


class Wish(msgspec.Struct, frozen=True):
    """One Contact of a REGISTER."""

    contact: str
    seconds: int
    q: float
    instance: str


OnChange = Callable[[str, tuple[Binding, ...], tuple[Binding, ...]], None]
"""Called with (name, old bindings, new bindings) after each change."""


class Bindings:
    """All bindings by address of record (the extension's account)."""

    def __init__(self, on_change: OnChange | None = None) -> None:
        self._on_change = on_change
        self._by_name: dict[str, tuple[Binding, ...]] = {}
        self._by_remote: dict[Flow, str] = {}

    def of(self, name: str, now: float) -> tuple[Binding, ...]:
        """Return the live bindings of an extension: by q, then the newest first."""
        live = [binding for binding in self._by_name.get(name, ()) if binding.until > now]
        return tuple(sorted(live, key=lambda binding: (-binding.q, -binding.since)))

    def owner_of(self, flow: Flow) -> str | None:
        """Return the extension that registered over exactly this flow, or None."""
        return self._by_remote.get(flow)

    def all(self) -> Iterator[tuple[str, Binding]]:
        """Iterate over everything, live or not."""
        for name, bindings in self._by_name.items():
            for binding in bindings:
                yield name, binding

    def register(self, name: str, request: Request, flow: Flow, most: int, now: float) -> tuple[Binding, ...]:
        """Do what a REGISTER asks, all of it or nothing; returns the live bindings.

        Raises SipError: 400 (malformed, ``*`` wrongly used, an old CSeq), 423 (too short).
        """
        old = self._by_name.get(name, ())
        if not request.has("Contact"):
            return self.of(name, now)
        call_id, cseq = request.call_id, request.cseq.number
        if any(address.is_star for address in request.contacts):
            self._put(name, _remove_all(request, old, call_id, cseq))
            return ()
        new = {binding.contact: binding for binding in old if binding.until > now}
        for wish in read_wishes(request):
            known = _find(new, wish)
            if known is not None:
                if known.call_id == call_id and cseq <= known.cseq:
                    raise SipError(400, "Outdated CSeq")
                del new[known.contact]
            if wish.seconds:
                new[wish.contact] = Binding(
                    contact=wish.contact,
                    call_id=call_id,
                    cseq=cseq,
                    until=now + wish.seconds,
                    flow=flow,
                    q=wish.q,
                    instance=wish.instance,
                    path=tuple(request.values("Path")),
                    user_agent=(request.get("User-Agent") or "")[:200],
                    since=known.since if known is not None else now,
                )
        while len(new) > most:
            # A phone that restarts with a new port leaves a ghost: the one that ends first goes.
            del new[min(new.values(), key=lambda binding: binding.until).contact]
        self._put(name, tuple(new.values()))
        return self.of(name, now)

    def restore(self, name: str, binding: Binding) -> None:
        """Put back what was saved."""
        self._put(name, (*self._by_name.get(name, ()), binding))

    def expire(self, now: float) -> list[tuple[str, Binding]]:
        """Remove and return what has run out."""
        return self._remove(lambda binding: binding.until <= now)

    def drop_flow(self, flow: Flow) -> list[tuple[str, Binding]]:
        """Remove and return what was registered over a connection that is closed (RFC 5626 4.2.2)."""
        if flow not in self._by_remote:
            return []
        return self._remove(lambda binding: binding.flow == flow)

    def drop_name(self, name: str) -> list[tuple[str, Binding]]:
        """Remove and return all bindings of an extension that is no more."""
        gone = [(name, binding) for binding in self._by_name.get(name, ())]
        self._put(name, ())
        return gone

    def _remove(self, is_gone: Callable[[Binding], bool]) -> list[tuple[str, Binding]]:
        gone = [(name, binding) for name, binding in self.all() if is_gone(binding)]
        for name in {name for name, _ in gone}:
            self._put(name, tuple([b for b in self._by_name[name] if not is_gone(b)]))
        return gone

    def _put(self, name: str, bindings: tuple[Binding, ...]) -> None:
        old = self._by_name.get(name, ())
        for binding in old:
            if self._by_remote.get(binding.flow) == name:
                del self._by_remote[binding.flow]
        if bindings:
            self._by_name[name] = bindings
            for binding in bindings:
                self._by_remote[binding.flow] = name
        else:
            self._by_name.pop(name, None)
        if self._on_change is not None and old != bindings:
            self._on_change(name, old, bindings)


def read_wishes(request: Request) -> list[Wish]:
    """Read the Contacts of a REGISTER; raises SipError 400 or 423 (with Min-Expires)."""
    wishes = []
    usual = DEFAULT_EXPIRES
    if request.has("Expires"):
        # A malformed value stands for the default (RFC 3261 20.19).
        number = read_number(request.get("Expires") or "", 2**32 - 1)
        usual = DEFAULT_EXPIRES if number is None else number
    for address in request.contacts:
        if not address.uri.is_sip:
            raise SipError(400, "Contact Is No SIP URI")
        seconds = usual
        raw = address.param("expires")
        if raw is not None:
            number = read_number(raw, 2**32 - 1)
            seconds = DEFAULT_EXPIRES if number is None else number
        if 0 < seconds < MIN_EXPIRES:
            raise SipError(423, "Interval Too Brief", [("Min-Expires", str(MIN_EXPIRES))])
        wishes.append(
            Wish(
                contact=str(address.uri),
                seconds=min(seconds, MAX_EXPIRES),
                q=_read_q(address),
                instance=(address.param("+sip.instance") or "")[:200],
            )
        )
    return wishes


def _read_q(address: NameAddr) -> float:
    raw = address.param("q")
    if not raw:
        return 1.0
    whole, _, fraction = raw.partition(".")
    number = read_number((whole or "0") + fraction[:3].ljust(3, "0"), 1000)
    return 1.0 if number is None else number / 1000


def _remove_all(request: Request, old: tuple[Binding, ...], call_id: str, cseq: int) -> tuple[Binding, ...]:
    if len(request.contacts) > 1 or read_number(request.get("Expires") or "", 2**32 - 1) != 0:
        raise SipError(400, "Contact * Needs Expires 0")
    if any(binding.call_id == call_id and cseq <= binding.cseq for binding in old):
        raise SipError(400, "Outdated CSeq")
    return ()


def _find(bindings: dict[str, Binding], wish: Wish) -> Binding | None:
    same = bindings.get(wish.contact)
    if same is not None:
        return same
    uri = Uri.parse(wish.contact)
    for binding in bindings.values():
        if (wish.instance and binding.instance == wish.instance) or binding.uri.same_as(uri):
            return binding
    return None
