"""Between password and second factor: a short-lived signed word that the password was right."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

PENDING_COOKIE: Final = "box400-code"
SECONDS: Final = 300.0


def make_pending(secret: bytes, key: str, now: float) -> str:
    """Return the word for an account."""
    packed = base64.urlsafe_b64encode(f"{int(now)}:{key}".encode()).decode()
    return f"{_signature(secret, packed)}.{packed}"


def read_pending(secret: bytes, word: str, now: float) -> str:
    """Return whose password was right a moment ago, "" for nobody's."""
    signature, _, packed = word.partition(".")
    if not packed or not hmac.compare_digest(signature.encode(), _signature(secret, packed).encode()):
        return ""
    at, _, key = base64.urlsafe_b64decode(packed).decode().partition(":")
    return key if 0 <= now - int(at) <= SECONDS else ""


def _signature(secret: bytes, packed: str) -> str:
    return hmac.new(secret, f"pending:{packed}".encode(), hashlib.sha256).hexdigest()
