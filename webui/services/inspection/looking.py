"""One look at the box at a time: made in the background, and how far it is told meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from domain.refusal import NotPossible
from storage.connection import StoreDown
from webui.services.inspection.machine import Step, Tell

log = logging.getLogger(__name__)

SHOWN_SECONDS: Final = 600.0
"""How long it is told that a look failed."""
_DOWN: Final = NotPossible(
    "The database did not answer; try again in a moment.", "数据库暂时没有响应，请稍后再试。"
)
_BROKEN: Final = NotPossible(
    "The look failed for a fault of the box itself; its log says why.", "检查因系统内部错误中止，详见日志。"
)


class Look:
    """One look; read by pages while its thread works."""

    def __init__(self, by: str) -> None:
        self.by = by
        self.step = next(iter(Step))
        """What is asked now."""
        self.under_way = True
        self.ended = 0.0
        self.failed: NotPossible | None = None

    @property
    def done(self) -> int:
        """How many steps are done."""
        return list(Step).index(self.step) if self.under_way else len(Step)


class Looks:
    """Those of one web process; safe from its threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last: Look | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, by: str, work: Callable[[Tell], object]) -> None:
        """Begin a look, unless one is under way: that one serves who asks now as well."""
        with self._lock:
            if self._last is not None and self._last.under_way:
                return
            look = self._last = Look(by)
            self._thread = threading.Thread(target=self._make, args=(look, work), name="look", daemon=True)
            self._thread.start()

    def last(self) -> Look | None:
        """Return the look under way, else the last one for a while, else None."""
        look = self._last
        if look is None or not (look.under_way or self._now() - look.ended < SHOWN_SECONDS):
            return None
        return look

    def settle(self) -> None:
        """Return when none is under way."""
        if self._thread is not None:
            self._thread.join()

    def _make(self, look: Look, work: Callable[[Tell], object]) -> None:
        def tell(step: Step) -> None:
            look.step = step

        try:
            work(tell)
        except NotPossible as why:
            look.failed = why
        except StoreDown:
            look.failed = _DOWN
        except Exception:  # whoever waits for it must learn that it is over
            log.exception("a look at the box failed")
            look.failed = _BROKEN
        look.ended = self._now()
        look.under_way = False
