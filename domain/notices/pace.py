"""How often something may be sent, and what waits meanwhile said in one message."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from domain.notices.delivery import Delivery

MOST_IN_ONE: Final = 20
"""Notices that one merged message spells out; the rest is counted."""
_MOST_OCTETS: Final = 2000
"""Of a robot's message: WeCom takes 2048 bytes of text."""


class Pace:
    """At most so many within any span of time; the caller brings the monotonic time."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._sent: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Return how long to wait until the next one may go; 0: now."""
        while self._sent and self._sent[0] <= now - self._seconds:
            self._sent.popleft()
        return self._sent[0] + self._seconds - now if len(self._sent) >= self._most else 0.0

    def take(self, now: float) -> None:
        """Count one that goes now."""
        self._sent.append(now)


def said_together(waiting: Sequence[Delivery]) -> str:
    """Return one text for what waits, oldest first."""
    if len(waiting) == 1:
        return _whole(waiting[0])
    head = f"共 {len(waiting)} 条通知："
    lines: list[str] = []
    room = _MOST_OCTETS - len(head.encode()) - 40
    for each in waiting[:MOST_IN_ONE]:
        line = f"· {each.text}"
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    left = len(waiting) - len(lines)
    tail = [f"……另有 {left} 条，请登录平台查看。"] if left else []
    return "\n".join([head, *lines, *tail])


def _whole(delivery: Delivery) -> str:
    text = f"{delivery.title}\n{delivery.text}" if delivery.title else delivery.text
    return text.encode()[:_MOST_OCTETS].decode(errors="ignore")
