"""Pictures that people read and programs hardly do; asked for after wrong tries."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

LETTERS: Final = "23456789abcdefhkmnprstuvwxyz"
LENGTH: Final = 4
SECONDS: Final = 300.0
MOST: Final = 2000


class Captchas:
    """One open picture for each browser; each is good for one try."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def draw(self, browser: str) -> bytes:
        """Return a new picture (PNG); it replaces the browser's last one."""
        from captcha.image import ImageCaptcha  # hardly ever drawn, and with it comes all of PIL

        text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        with self._lock:
            self._open[browser] = (text, self._now() + SECONDS)
            self._open.move_to_end(browser)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return bytes(ImageCaptcha(width=150, height=56).generate(text, format="png").getvalue())

    def right(self, browser: str, text: str) -> bool:
        """Tell whether it was read well; the picture is used up."""
        with self._lock:
            wanted, until = self._open.pop(browser, ("", 0.0))
        given = text.strip().lower().encode()
        return bool(wanted) and until > self._now() and hmac.compare_digest(given, wanted.encode())
