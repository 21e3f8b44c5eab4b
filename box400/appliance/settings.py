"""``python -m box400.appliance.settings``: write ``settings.json`` with the addresses that the machine has.

What the appliance's roles wrote may say ``auto`` where an address belongs: that of the default route. A
machine that has none after a minute speaks to itself only, so that its pages and its console work all the
same; the watch of the appliance looks again each minute. As it runs before all others, it also puts data in
place that were restored in the first setup.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from storage.data_directory import DataDirectory, Settings
from storage.machine.own_address import own_address
from storage.offsite.takeover import take_over

AUTO = "auto"
NOWHERE = "127.0.0.1"
WAIT_SECONDS = 60.0


def resolved(wanted: Settings, address: str) -> Settings:
    """Return settings with ``address`` (or loopback, if empty) in the place of each ``auto``."""
    there = address or NOWHERE

    def put(given: str) -> str:
        return there if given == AUTO else given

    listeners = tuple(
        msgspec.structs.replace(
            each, bind=put(each.bind), advertise=put(each.advertise), rtp_bind=put(each.rtp_bind),
            rtp_advertise=put(each.rtp_advertise),
        )
        for each in wanted.listeners
    )  # fmt: skip
    return msgspec.structs.replace(wanted, listeners=listeners)


def wants_address(wanted: Settings) -> bool:
    """Tell whether any listener says ``auto``."""
    return resolved(wanted, "0") != wanted


def await_address(look: Callable[[], str], seconds: float, pause: Callable[[float], None]) -> str:
    """Look for an address until there is one, or so long; "" then."""
    for _ in range(int(seconds)):
        address = look()
        if address:
            return address
        pause(1.0)
    return look()


def read(path: Path) -> Settings:
    """Read what the roles wrote; raises msgspec.ValidationError and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Settings)


def main() -> int:
    """Exit status: 0 done, 1 the file is wrong or (``--compare``) the address is another now."""
    parser = argparse.ArgumentParser(prog="box400.appliance.settings", description=__doc__)
    parser.add_argument("--check", type=Path, metavar="FILE", help="only say what is wrong with it")
    parser.add_argument("--from", dest="given", type=Path, metavar="FILE", help="what the roles wrote")
    parser.add_argument("--data", metavar="DIR", help="data directory to write settings.json to")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="settings.json that is in use")
    options = parser.parse_args()
    try:
        wanted = read(options.check or options.given)
    except (msgspec.ValidationError, msgspec.DecodeError, OSError) as error:
        print(f"{options.check or options.given}: {error}", file=sys.stderr)
        return 1
    if options.compare:
        address = own_address()
        # One that is gone for a moment is no reason to end calls.
        return int(
            bool(address) and options.compare.exists() and read(options.compare) != resolved(wanted, address)
        )
    if options.data:
        address = await_address(own_address, WAIT_SECONDS, time.sleep) if wants_address(wanted) else ""
        if wants_address(wanted) and not address:
            print("no network address: SIP is spoken on 127.0.0.1 until there is one", file=sys.stderr)
        data = DataDirectory(options.data)
        data.create()
        if take_over(data):
            print("what was restored is in force now", file=sys.stderr)
        data.write_settings(resolved(wanted, address))
    return 0


if __name__ == "__main__":
    sys.exit(main())
