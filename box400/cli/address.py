"""``HOST:PORT`` on the command line."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

import click

_ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)|(localhost)):([0-9]{1,5})")


class Address(NamedTuple):
    """An address to listen on or send to."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AddressType(click.ParamType[Address]):
    """Read ``127.0.0.1:5060``, ``[::1]:5060`` or ``localhost:5060``; the port is 1 to 65535."""

    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Return the address; a wrong one is a usage error."""
        if isinstance(value, Address):
            return value
        found = _ADDRESS.fullmatch(str(value))
        if found is None:
            self.fail(
                f"{value!r} is not an IP address and a port such as 127.0.0.1:5060 or [::1]:5060", param, ctx
            )
        host = found[1] or found[2] or "127.0.0.1"
        try:
            ipaddress.ip_address(host)
        except ValueError:
            self.fail(f"{host!r} is not an IP address", param, ctx)
        port = int(found[4])
        if not 1 <= port <= 65535:
            self.fail(f"{port} is not a port (1 to 65535)", param, ctx)
        return Address(host, port)
