"""Tell whoever started this process how it is: systemd, or ``box400 run``, which speaks the same protocol."""

from __future__ import annotations

import os
import socket


def notify(*facts: str) -> None:
    """Send facts such as ``READY=1``, ``STATUS=...`` or ``WATCHDOG=1`` to ``$NOTIFY_SOCKET`` (sd_notify(3)).

    Does nothing when nobody asked for it. A starter that is gone or busy is no reason to fail, so sending is
    tried once and never waits.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    ) as ours:
        try:
            ours.sendto("\n".join(facts).encode(), address)
        except OSError:
            return
