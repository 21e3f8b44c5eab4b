"""Digest authentication for SIP (RFC 8760 on RFC 7616 and RFC 3261 22): challenges, credentials, answers.

Pure: nonces and client nonces are arguments. Texts are hashed as UTF-8, bytes that were none survive.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence

import msgspec

from b2bua.sip.errors import SipError
from b2bua.sip.text import BLANK, malformed, quote, unquote

Hash = Callable[[bytes], str]

_ALGORITHMS: dict[str, tuple[str, Hash, bool]] = {
    name.lower(): (name, function, name.endswith("-sess"))
    for base, function in (
        ("MD5", lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest()),
        ("SHA-256", lambda data: hashlib.sha256(data).hexdigest()),
        ("SHA-512-256", lambda data: hashlib.new("sha512_256", data).hexdigest()),
    )
    for name in (base, base + "-sess")
}
PREFERENCE = ("SHA-512-256", "SHA-512-256-sess", "SHA-256", "SHA-256-sess", "MD5", "MD5-sess")
"""Algorithms we answer, the strongest first; MD5 only where nothing better is offered."""

_PARAM = re.compile(
    r"""[ \t]*+([A-Za-z0-9\-.!%*_+`'~]++)[ \t]*+=[ \t]*+("(?:[^"\\]++|\\.)*"|[^\s",]++)[ \t]*+(?:,|\Z)""",
    re.DOTALL,
)
_NC = re.compile(r"[0-9A-Fa-f]{8}")
MAX_PARAMS = 24


class Challenge(msgspec.Struct, frozen=True):
    """A WWW-Authenticate or Proxy-Authenticate value of scheme Digest."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    """As in :data:`PREFERENCE` where it is known, else as received."""
    qop: tuple[str, ...] = ()
    """Offered protections in lower case; empty: RFC 2069 style, without client nonce."""
    opaque: str | None = None
    stale: bool = False
    userhash: bool = False

    @classmethod
    def parse(cls, raw: str) -> Challenge:
        """Parse one header row; raises SipError(400), also for other schemes than Digest."""
        params = _parse("challenge", raw)
        if "realm" not in params or "nonce" not in params:
            raise malformed("challenge")
        algorithm = params.get("algorithm", "MD5")
        known = _ALGORITHMS.get(algorithm.lower())
        return cls(
            realm=params["realm"],
            nonce=params["nonce"],
            algorithm=known[0] if known else algorithm,
            qop=tuple([part.strip(BLANK).lower() for part in params.get("qop", "").split(",") if part]),
            opaque=params.get("opaque"),
            stale=params.get("stale", "").lower() == "true",
            userhash=params.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        parts = [f"realm={quote(self.realm)}", f"nonce={quote(self.nonce)}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.stale:
            parts.append("stale=true")
        parts.append(f"algorithm={self.algorithm}")
        if self.qop:
            parts.append(f'qop="{",".join(self.qop)}"')
        return "Digest " + ", ".join(parts)


class DigestCredentials(msgspec.Struct, frozen=True):
    """An Authorization or Proxy-Authorization value of scheme Digest."""

    username: str
    """The user's name, or its hash under ``userhash``."""
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    cnonce: str | None = None
    nc: str | None = None
    qop: str | None = None
    opaque: str | None = None
    userhash: bool = False

    @classmethod
    def parse(cls, raw: str) -> DigestCredentials:
        """Parse one header row; raises SipError(400), also for other schemes than Digest."""
        params = _parse("credentials", raw)
        try:
            username, realm, nonce = params["username"], params["realm"], params["nonce"]
            uri, response = params["uri"], params["response"]
        except KeyError:
            raise malformed("credentials") from None
        qop = params.get("qop")
        nc = params.get("nc")
        if qop is not None and (nc is None or "cnonce" not in params):
            raise malformed("credentials")
        if nc is not None and not _NC.fullmatch(nc):
            raise malformed("credentials")
        algorithm = params.get("algorithm", "MD5")
        known = _ALGORITHMS.get(algorithm.lower())
        return cls(
            username=username,
            realm=realm,
            nonce=nonce,
            uri=uri,
            response=response.lower(),
            algorithm=known[0] if known else algorithm,
            cnonce=params.get("cnonce"),
            nc=nc,
            qop=qop.lower() if qop is not None else None,
            opaque=params.get("opaque"),
            userhash=params.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        parts = [
            f"username={quote(self.username)}",
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"uri={quote(self.uri)}",
            f'response="{self.response}"',
            f"algorithm={self.algorithm}",
        ]
        if self.qop is not None:
            parts += [f"qop={self.qop}", f"nc={self.nc}", f"cnonce={quote(self.cnonce or '')}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.userhash:
            parts.append("userhash=true")
        return "Digest " + ", ".join(parts)


def is_known(algorithm: str) -> bool:
    """Tell whether we can compute an algorithm."""
    return algorithm.lower() in _ALGORITHMS


def choose(challenges: Sequence[Challenge]) -> Challenge | None:
    """Pick the strongest challenge that we can answer, or None."""
    usable = [
        challenge
        for challenge in challenges
        if challenge.algorithm in PREFERENCE
        and (not challenge.qop or "auth" in challenge.qop or "auth-int" in challenge.qop)
    ]
    return min(usable, key=lambda challenge: PREFERENCE.index(challenge.algorithm), default=None)


def answer(
    challenge: Challenge,
    *,
    method: str,
    uri: str,
    username: str,
    password: str,
    cnonce: str,
    nc: int = 1,
    body: bytes = b"",
) -> DigestCredentials:
    """Answer a challenge. ``cnonce`` is fresh and random, ``nc`` counts the uses of this nonce from 1."""
    qop = None
    if challenge.qop:
        qop = "auth" if "auth" in challenge.qop else "auth-int"
    hashing = _ALGORITHMS[challenge.algorithm.lower()][1]
    shown = hashing(_bytes(f"{username}:{challenge.realm}")) if challenge.userhash else username
    credentials = DigestCredentials(
        username=shown,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        cnonce=cnonce if qop or challenge.algorithm.endswith("-sess") else None,
        nc=f"{nc:08x}" if qop else None,
        qop=qop,
        opaque=challenge.opaque,
        userhash=challenge.userhash,
    )
    secret = hash_secret(challenge.algorithm, username, challenge.realm, password)
    response = _response(credentials, secret, method, body)
    return msgspec.structs.replace(credentials, response=response)


def hash_secret(algorithm: str, username: str, realm: str, password: str) -> str:
    """Return H(username:realm:password), by which an account can be checked without its password."""
    return _ALGORITHMS[algorithm.lower()][1](_bytes(f"{username}:{realm}:{password}"))


def verify(credentials: DigestCredentials, secret: str, method: str, body: bytes = b"") -> bool:
    """Check credentials against an account's :func:`hash_secret`, in constant time.

    The caller has checked nonce, realm, algorithm and URI.
    """
    expected = _response(credentials, secret, method, body)
    return hmac.compare_digest(_bytes(expected), _bytes(credentials.response))


def _response(credentials: DigestCredentials, secret: str, method: str, body: bytes) -> str:
    _, hashing, session = _ALGORITHMS[credentials.algorithm.lower()]
    if session:
        secret = hashing(_bytes(f"{secret}:{credentials.nonce}:{credentials.cnonce or ''}"))
    what = f"{method}:{credentials.uri}"
    if credentials.qop == "auth-int":
        what += f":{hashing(body)}"
    if credentials.qop is None:
        return hashing(_bytes(f"{secret}:{credentials.nonce}:{hashing(_bytes(what))}"))
    return hashing(
        _bytes(
            f"{secret}:{credentials.nonce}:{credentials.nc}:{credentials.cnonce}:{credentials.qop}:"
            f"{hashing(_bytes(what))}"
        )
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _parse(what: str, raw: str) -> dict[str, str]:
    scheme, _, rest = raw.strip(BLANK).partition(" ")
    if scheme.lower() != "digest":
        raise SipError(400, "Unsupported Authentication Scheme")
    params: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAM.match(rest, position)
        if match is None or len(params) >= MAX_PARAMS:
            raise malformed(what)
        name = match[1].lower()
        if name in params:
            raise malformed(what)
        params[name] = unquote(match[2])
        position = match.end()
    return params
