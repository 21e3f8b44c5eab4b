"""SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

import msgspec

from b2bua.sip.params import Params, find_param, parse_params, print_params
from b2bua.sip.text import malformed

# Userinfo ends at the only "@" that may stand unescaped, so semicolons and question marks before it are
# the user's.
_SIP = re.compile(
    r"""(?:([^@\x00-\x20\x7f<>"]++)@)?
    (\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._\-]++)
    (?::([0-9]++))?
    (;[^?@\x00-\x20\x7f<>"]*+)?
    (?:\?([^@\x00-\x20\x7f<>"]++))?""",
    re.VERBOSE,
)
_TEL = re.compile(r"""(\+?[0-9A-Fa-f*#\-.()]++)(;[^\x00-\x20\x7f<>"]++)?""")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):")
_OPAQUE = re.compile(r"""[^\x00-\x20\x7f<>"]++""")
_PHONE = re.compile(r"\+?[0-9*#]++")
_SEPARATED_PHONE = re.compile(r"\+?[0-9A-Da-d*#\-.()]++")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
SHORT = 256
"""Longer values are never kept."""
_SEPARATORS = str.maketrans("", "", "-.()")
_NEVER_MATCH_ALONE = ("user", "ttl", "method", "maddr")


class Uri(msgspec.Struct, frozen=True, gc=False):
    """A URI of any scheme; only sip, sips and tel are taken apart."""

    scheme: str
    """Lower case; ``*`` for the star Contact."""
    user: str | None = None
    """Raw, with its escapes, parameters (``;phone-context=``) and password; of a tel URI the number as
    written."""
    host: str = ""
    """Lower case, IPv6 in brackets; empty for tel and unknown schemes."""
    port: int | None = None
    params: Params = ()
    headers: str = ""
    """What follows ``?``, raw. It never becomes a header of a request (RFC 3261 19.1.5 is refused)."""
    opaque: str = ""
    """What follows the colon, for unknown schemes."""

    @classmethod
    def parse(cls, raw: str) -> Uri:
        """Parse a URI without angle brackets; raises SipError(400). An unknown scheme is no error here."""
        return _parse_short(raw) if len(raw) <= SHORT else _parse(raw)

    @property
    def is_sip(self) -> bool:
        """Whether it is sip: or sips:."""
        return self.scheme == "sip" or self.scheme == "sips"

    def param(self, name: str) -> str | None:
        """Return a parameter's raw value (``name`` in lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def lr(self) -> bool:
        """Whether it names a loose router."""
        return find_param(self.params, "lr") is not None

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case, or None."""
        value = find_param(self.params, "transport")
        return value.lower() if value else None

    @property
    def user_unescaped(self) -> str:
        """The user with its %-escapes resolved, once."""
        return unescape(self.user or "")

    @property
    def number(self) -> str:
        """The telephone number: digits, ``*`` and ``#``, with ``+`` before a global one; "" if there is none.

        Visual separators (RFC 3966 5.1.1) are dropped in tel URIs and under ``user=phone``. A plain
        ``sip:`` user of digits alone is a number too: most trunks leave ``user=phone`` out.
        """
        if self.user is None:
            return ""
        if self.scheme == "tel":
            return self.user.translate(_SEPARATORS)
        user = self.user.partition(";")[0].partition(":")[0]
        if "%" in user:
            user = unescape(user)
        if _PHONE.fullmatch(user):
            return user
        phone = find_param(self.params, "user")
        if phone is not None and phone.lower() == "phone" and _SEPARATED_PHONE.fullmatch(user):
            return user.translate(_SEPARATORS)
        return ""

    @property
    def address(self) -> str:
        """The host without IPv6 brackets."""
        return self.host[1:-1] if self.host.startswith("[") else self.host

    def same_as(self, other: Uri) -> bool:
        """Compare as RFC 3261 19.1.4 and RFC 3966 5 do.

        This is no equivalence relation (parameters present on one side only are mostly ignored), hence no
        ``==``; ``==`` is equality of all parts as written.
        """
        if self.scheme != other.scheme:
            return False
        if self.scheme == "tel":
            return self.number.lower() == other.number.lower() and _param_map(self) == _param_map(other)
        if not self.is_sip:
            return self.opaque == other.opaque
        if self.host != other.host or self.port != other.port:
            return False
        if self.user != other.user and (
            self.user is None or other.user is None or unescape(self.user) != unescape(other.user)
        ):
            return False
        return _same_params(self, other) and _header_set(self.headers) == _header_set(other.headers)

    def replace(
        self, *, params: Params | None = None, headers: str | None = None, host: str | None = None
    ) -> Uri:
        """Return a copy with other parameters, headers part or host."""
        return Uri(
            self.scheme,
            self.user,
            self.host if host is None else host,
            self.port,
            self.params if params is None else params,
            self.headers if headers is None else headers,
            self.opaque,
        )

    def __str__(self) -> str:
        if self.scheme == "*":
            return "*"
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        text = (
            f"{self.scheme}:{self.user}@{self.host}"
            if self.host and self.user is not None
            else (f"{self.scheme}:{self.host or self.user}")
        )
        if self.port is not None:
            text = f"{text}:{self.port}"
        if self.params:
            text += print_params(self.params)
        return f"{text}?{self.headers}" if self.headers else text


def _parse(raw: str) -> Uri:
    scheme, colon, rest = raw.partition(":")
    if scheme == "sip" or scheme == "sips":
        return _parse_sip(scheme, rest)
    if colon and _SCHEME.fullmatch(scheme + ":"):
        scheme = scheme.lower()
        if scheme == "sip" or scheme == "sips":
            return _parse_sip(scheme, rest)
        if scheme == "tel":
            return _parse_tel(rest)
        if _OPAQUE.fullmatch(rest):
            return Uri(scheme, None, "", None, (), "", rest)
    raise malformed("URI")


# The same addresses come back in every message of a call.
_parse_short = lru_cache(maxsize=1024)(_parse)


def _parse_sip(scheme: str, rest: str) -> Uri:
    match = _SIP.fullmatch(rest)
    if match is None:
        raise malformed("URI")
    user, host, port, params, headers = match.groups()
    return Uri(
        scheme,
        user,
        read_host(host),
        None if port is None else read_port(port),
        parse_params(params) if params else (),
        headers or "",
    )


def _parse_tel(rest: str) -> Uri:
    match = _TEL.fullmatch(rest)
    if match is None or not match[1].translate(_SEPARATORS).lstrip("+"):
        raise malformed("URI")
    return Uri("tel", match[1], "", None, parse_params(match[2]) if match[2] else ())


def read_host(raw: str) -> str:
    """Normalise a host that already has a host's characters: lower case, IPv6 literals checked.

    ``:::``, an error of RFC 3261's grammar (RFC 5118 4.10), is read as ``::``. Raises SipError(400).
    """
    host = raw.lower()
    if host[0] != "[":
        return host
    host = host.replace(":::", "::")
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError as error:
        raise malformed("IPv6 address") from error
    return host


def read_port(raw: str) -> int:
    """Read a port of 1..65535 (ASCII digits only); raises SipError(400)."""
    digits = raw if len(raw) <= 5 else raw.lstrip("0")
    port = int(digits) if 0 < len(digits) <= 5 else 0
    if not 0 < port < 65536:
        raise malformed("port")
    return port


def unescape(raw: str) -> str:
    """Resolve %-escapes once; what is no escape stays. Bytes that are no UTF-8 become surrogates."""
    if "%" not in raw:
        return raw
    return _ESCAPE.sub(lambda m: bytes.fromhex(m[0].replace("%", "")).decode("utf-8", "surrogateescape"), raw)


_PLAIN_IN_USER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,?/")


def escape_user(text: str) -> str:
    """Escape any text for the user part of a SIP URI (also ``;``, ``:``, ``@`` and ``#``)."""
    raw = text.encode("utf-8", "surrogateescape")
    return "".join([chr(octet) if octet in _PLAIN_IN_USER else f"%{octet:02X}" for octet in raw])


def _param_map(uri: Uri) -> dict[str, str]:
    return {name.lower(): unescape(value or "").lower() for name, value in uri.params}


def _same_params(one: Uri, other: Uri) -> bool:
    if one.params == other.params:
        return True
    mine, its = _param_map(one), _param_map(other)
    if any((name in mine) != (name in its) for name in _NEVER_MATCH_ALONE):
        return False
    return all(its.get(name, value) == value for name, value in mine.items())


def _header_set(headers: str) -> list[tuple[str, str]]:
    if not headers:
        return []
    pairs = [part.partition("=") for part in headers.split("&")]
    return sorted((unescape(name).lower(), unescape(value)) for name, _, value in pairs)
