"""Who may speak to us: the verdict that is asked for before any state is made."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request


class Admitted(msgspec.Struct, frozen=True):
    """The sender is known: a trunk by its address, or an extension that has proved its secret."""

    trunk: str | None = None
    extension: str | None = None
    session_seconds: int | None = None
    """Interval of session timers we ask this peer for (RFC 4028), 0: none, None: the usual one."""


class Refused(msgspec.Struct, frozen=True):
    """The sender gets one stateless answer, or none.

    ``status`` 0 is silence; 401 with its challenge in ``headers`` is how an extension is asked to
    authenticate.
    """

    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()


Admission = Admitted | Refused

Admit = Callable[[Request, Flow], Admission]
"""Called for each request outside a dialog before a transaction exists (also for what :mod:`b2bua.sip.check`
refuses: a stranger's broken request gets nothing). It must be cheap: strangers may flood it."""

SILENCE = Refused()
"""The default for strangers."""
