"""Whether an extension is who it says: digest with nonces of our own, replay and guessing kept down.

Pure: time and randomness come in. A challenge costs next to no memory, so that a flood of requests without
credentials leaves nothing behind. Unknown accounts are challenged, checked and refused just like known ones.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from b2bua.sip.digest import Challenge, DigestCredentials, hash_secret, verify
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request
from b2bua.sip.uri import Uri
from b2bua.stack.registrar_names import ExtensionNames, address_of_record
from domain.snapshot import ExtensionSnapshot

NONCE_SECONDS = 300.0
"""How long a nonce may be used; after it the client gets a new one (stale) without asking its user."""
OFFERED = ("SHA-256", "MD5")
MD5_ONLY = re.compile(r"baresip v?[01]\.|.*\blibre/[01]\.", re.IGNORECASE)
"""User agents that give up at an algorithm they do not know, even beside MD5 (against RFC 8760)."""
BARE_BEFORE_MD5 = 2
"""Challenges that a phone leaves unanswered before it is offered MD5 alone."""
MAX_BARE = 4096
MAX_NONCES = 20_000
MAX_SUSPECTS = 20_000
FAILURE_WINDOW = 600.0
FAILURES_PER_SOURCE = 10
FAILURES_PER_ACCOUNT = 20
"""Wrong answers in the window after which only sources that have authenticated before are heard."""
FIRST_SILENCE = 300.0
LONGEST_SILENCE = 86_400.0


class Proved(msgspec.Struct, frozen=True):
    """The request comes from this extension."""

    extension: ExtensionSnapshot


class Unproved(msgspec.Struct, frozen=True):
    """The request gets 401 with these challenges."""

    headers: tuple[tuple[str, str], ...]


class Ignored(msgspec.Struct, frozen=True):
    """The request gets no answer: its source or account has had too many wrong ones."""


Verdict = Proved | Unproved | Ignored


@dataclass(slots=True)
class _Suspect:
    """Wrong answers of one source or for one account."""

    failures: int = 0
    since: float = 0.0
    silent_until: float = 0.0
    silence: float = FIRST_SILENCE


@dataclass(slots=True)
class AuthCounts:
    """Counters; they only grow."""

    proved: int = 0
    challenged: int = 0
    failed: int = 0
    replayed: int = 0
    ignored: int = 0


@dataclass(slots=True)
class _Nonces:
    """The highest count with which each nonce was used."""

    used: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def use(self, nonce: str, count: int) -> bool:
        """Note a use; False when it is no higher than one before (a replay)."""
        if count <= self.used.get(nonce, 0):
            return False
        self.used[nonce] = count
        if len(self.used) > MAX_NONCES:
            self.used.popitem(last=False)
        return True


class Accounts:
    """The extensions and the secrets that prove them."""

    def __init__(
        self,
        key: bytes,
        fresh: Callable[[], bytes],
        on_guessing: Callable[[str, str, float], None] | None = None,
    ) -> None:
        """``key`` signs nonces (32 random bytes a process), ``fresh`` gives 8 random bytes.

        ``on_guessing`` is called with (source, account or "", seconds) when a source or account is silenced.
        """
        self.counts = AuthCounts()
        self._key = key
        self._fresh = fresh
        self._on_guessing = on_guessing
        self._realm = ""
        self._names = ExtensionNames()
        self._secrets: dict[tuple[str, str], str] = {}
        self._nonces = _Nonces()
        self._sources: OrderedDict[str, _Suspect] = OrderedDict()
        self._accounts: OrderedDict[str, _Suspect] = OrderedDict()
        self._bare: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def configure(self, extensions: Iterable[ExtensionSnapshot], realm: str, domain: str = "") -> None:
        """Put extensions in force; ``domain`` as :class:`ExtensionNames` takes it."""
        self._realm = realm
        self._names = ExtensionNames(extensions, domain)
        self._secrets.clear()

    def get(self, account: str) -> ExtensionSnapshot | None:
        """Return an extension by its account."""
        return self._names.account(account)

    def of(self, tenant: str, name: str) -> ExtensionSnapshot | None:
        """Return a tenant's extension by its name."""
        return self._names.of(tenant, name)

    def check(self, request: Request, source: str, listener: str, now: float) -> Verdict:
        """Judge a request by its Authorization; ``source`` is the host it came from, ``now`` monotonic."""
        if self._is_silenced(self._sources, source, now):
            self.counts.ignored += 1
            return Ignored()
        credentials = self._credentials(request)
        who = (source, _from_user(request), request.get("User-Agent") or "")
        offer = self._offer(who, None if credentials is None else credentials.algorithm)
        if credentials is None:
            return self._challenge(now, offer)
        extension = self._names.find(credentials.username, address_of_record(request))
        # However the phone writes its name, the guesses at one account are counted together.
        name = credentials.username if extension is None else extension.account
        if (name, source) not in self._trusted and self._is_silenced(self._accounts, name, now):
            self.counts.ignored += 1
            return Ignored()
        right = self._is_right(credentials, extension, request)
        if not right or extension is None or extension.listener != listener:
            return self._failed(source, name, now, offer)
        if not self._is_ours(credentials.nonce, now):
            return self._challenge(now, offer, stale=True)
        count = int(credentials.nc, 16) if credentials.nc is not None else 1
        if not self._nonces.use(credentials.nonce, count):
            self.counts.replayed += 1
            return self._challenge(now, offer, stale=True)
        self._trusted[name, source] = None
        self._trusted.move_to_end((name, source))
        if len(self._trusted) > MAX_SUSPECTS:
            self._trusted.popitem(last=False)
        self._sources.pop(source, None)
        self.counts.proved += 1
        return Proved(extension)

    def _offer(self, who: tuple[str, str, str], answered: str | None) -> tuple[str, ...]:
        """Choose the algorithms to offer a phone, whether or not its account exists.

        Some phones give up at once where SHA-256 is offered; one that leaves challenges unanswered is
        offered MD5 alone, so that it can register at all.
        """
        if MD5_ONLY.match(who[2]):
            return ("MD5",)
        count = self._bare.get(who, 0)
        if answered is not None:
            if answered == "MD5" and count > BARE_BEFORE_MD5:
                return ("MD5",)
            self._bare.pop(who, None)
            return OFFERED
        count = self._bare[who] = count + 1
        if len(self._bare) > MAX_BARE:
            self._bare.popitem(last=False)
        return OFFERED if count <= BARE_BEFORE_MD5 else ("MD5",)

    def _challenge(self, now: float, offer: tuple[str, ...], *, stale: bool = False) -> Unproved:
        self.counts.challenged += 1
        nonce = self._make_nonce(now)
        challenges = [Challenge(self._realm, nonce, name, ("auth",), stale=stale) for name in offer]
        return Unproved(tuple([("WWW-Authenticate", str(challenge)) for challenge in challenges]))

    def _credentials(self, request: Request) -> DigestCredentials | None:
        """Return the credentials for our realm; other schemes and realms are no credentials."""
        for raw in request.get_all("Authorization"):
            try:
                credentials = DigestCredentials.parse(raw)
            except SipError:
                continue
            if credentials.realm == self._realm and credentials.algorithm in OFFERED:
                return credentials
        return None

    def _is_right(
        self, credentials: DigestCredentials, extension: ExtensionSnapshot | None, request: Request
    ) -> bool:
        # An unknown account is hashed as well, so that time does not tell it from a known one.
        secret = self._secret(credentials, extension)
        right = verify(credentials, secret, request.method, request.body)
        return right and extension is not None and _same_target(credentials.uri, request)

    def _secret(self, credentials: DigestCredentials, extension: ExtensionSnapshot | None) -> str:
        algorithm = credentials.algorithm
        if extension is None or not extension.secret:
            return hash_secret(algorithm, "", self._realm, self._key.hex())
        username = credentials.username
        if username != extension.account:  # any of his other names; only one is worth remembering
            return hash_secret(algorithm, username, self._realm, extension.secret)
        secret = self._secrets.get((username, algorithm))
        if secret is None:
            secret = hash_secret(algorithm, username, self._realm, extension.secret)
            self._secrets[username, algorithm] = secret
        return secret

    # nonces

    def _make_nonce(self, now: float) -> str:
        stamp = int(now * 1000).to_bytes(8, "big") + self._fresh()
        return base64.b64encode(stamp + self._sign(stamp)).decode("ascii")

    def _is_ours(self, nonce: str, now: float) -> bool:
        try:
            raw = base64.b64decode(nonce, validate=True)
        except ValueError:
            return False
        stamp, signature = raw[:16], raw[16:]
        if len(stamp) != 16 or not hmac.compare_digest(signature, self._sign(stamp)):
            return False
        return now - int.from_bytes(stamp[:8], "big") / 1000 <= NONCE_SECONDS

    def _sign(self, stamp: bytes) -> bytes:
        return hmac.digest(self._key, stamp, "sha256")[:16]

    # guessing

    def _failed(self, source: str, name: str, now: float, offer: tuple[str, ...]) -> Verdict:
        self.counts.failed += 1
        if self._suspect(self._sources, source, FAILURES_PER_SOURCE, now):
            self._tell(source, "", self._sources[source])
        if self._suspect(self._accounts, name, FAILURES_PER_ACCOUNT, now):
            self._tell(source, name, self._accounts[name])
        return self._challenge(now, offer)

    def _suspect(self, table: OrderedDict[str, _Suspect], key: str, limit: int, now: float) -> bool:
        suspect = table.get(key)
        if suspect is None:
            suspect = table[key] = _Suspect(since=now)
            if len(table) > MAX_SUSPECTS:
                table.popitem(last=False)
        if now - suspect.since > FAILURE_WINDOW:
            suspect.failures, suspect.since = 0, now
        suspect.failures += 1
        if suspect.failures < limit:
            return False
        suspect.failures, suspect.since = 0, now
        suspect.silent_until = now + suspect.silence
        return True

    def _tell(self, source: str, name: str, suspect: _Suspect) -> None:
        seconds = suspect.silence
        suspect.silence = min(suspect.silence * 2, LONGEST_SILENCE)
        if self._on_guessing is not None:
            self._on_guessing(source, name, seconds)

    def _is_silenced(self, table: OrderedDict[str, _Suspect], key: str, now: float) -> bool:
        suspect = table.get(key)
        return suspect is not None and now < suspect.silent_until


def _from_user(request: Request) -> str:
    try:
        return request.from_.uri.user or ""
    except SipError:
        return ""


def _same_target(uri: str, request: Request) -> bool:
    """Compare the digest URI with the Request-URI: same user and host, whatever their parameters."""
    if uri == request.uri:
        return True
    try:
        mine, asked = Uri.parse(uri), request.request_uri
    except SipError:
        return False
    return (mine.user, mine.host, mine.port) == (asked.user, asked.host, asked.port)
