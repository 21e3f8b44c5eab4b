"""Via values (RFC 3261 20.42, RFC 3581)."""

from __future__ import annotations

import re

import msgspec

from b2bua.sip.params import Params, find_param, parse_params, print_params
from b2bua.sip.text import malformed
from b2bua.sip.uri import read_host, read_port

MAGIC_COOKIE = "z9hG4bK"

_VIA = re.compile(
    r"""[Ss][Ii][Pp][ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+([A-Za-z0-9\-.!%*_+`'~]++)[ \t]++
    (\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._\-]++)
    (?:[ \t]*+:[ \t]*+([0-9]++))?
    ([ \t]*+;.*+)?[ \t]*+""",
    re.VERBOSE | re.DOTALL,
)


class Via(msgspec.Struct, frozen=True, gc=False):
    """One hop of the way back."""

    transport: str
    """As received, mostly upper case (``UDP``)."""
    host: str
    """sent-by host in lower case, IPv6 in brackets."""
    port: int | None = None
    """sent-by port, None for the default one."""
    params: Params = ()

    @classmethod
    def parse(cls, raw: str) -> Via:
        """Parse one value; raises SipError(400)."""
        match = _VIA.fullmatch(raw)
        if match is None:
            raise malformed("Via")
        transport, host, port, params = match.groups()
        return cls(
            transport,
            read_host(host),
            None if port is None else read_port(port),
            parse_params(params) if params else (),
        )

    def param(self, name: str) -> str | None:
        """Return a parameter's raw value (``name`` in lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def branch(self) -> str | None:
        """The branch as received, or None; only one that begins with ``z9hG4bK`` identifies a transaction."""
        return find_param(self.params, "branch") or None

    @property
    def rport(self) -> int | None:
        """The port of ``rport=N``; 0 for the flag alone (please fill in); None when absent or malformed."""
        value = find_param(self.params, "rport")
        if not value:
            return None if value is None else 0
        return int(value) if re.fullmatch("[0-9]{1,5}", value) and 0 < int(value) < 65536 else None

    @property
    def received(self) -> str | None:
        """The address of the received parameter, without brackets, or None."""
        value = find_param(self.params, "received")
        return value.strip("[]").lower() if value else None

    @property
    def sent_by(self) -> str:
        """``host`` or ``host:port``, as the key of a transaction needs it."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def received_from(self, host: str, port: int) -> Via:
        """Return it with what the packet's source says (RFC 3261 18.2.1, RFC 3581 4).

        ``host`` has no brackets. ``received`` is set where it differs from sent-by or rport was asked for.
        """
        asked = told = False
        params: list[tuple[str, str | None]] = []
        for name, value in self.params:
            lowered = name.lower()
            if lowered == "rport":
                asked = True
                params.append((name, str(port)))
            elif lowered == "received":
                told = True
            else:
                params.append((name, value))
        if not (asked or told) and self.host.strip("[]") == host:
            return self
        params.append(("received", host))
        return Via(self.transport, self.host, self.port, tuple(params))

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {self.sent_by}{print_params(self.params)}"
