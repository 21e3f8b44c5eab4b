"""A forgotten password: a code to whom the tenant has named for it (notices ``password-code``)."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from domain.notices.kinds import NoticeKind
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id, tell
from webui.services import accounts
from webui.services.accounts import digest

CODE_SECONDS: Final = 300.0
TRIES: Final = 5
AGAIN_SECONDS: Final = 60.0
"""Between two codes for one account."""
MOST: Final = 5000


class _Open(NamedTuple):
    code: str
    """Digest."""
    at: float
    tries: int


class Resets:
    """Codes that were sent and not used yet; each is good once, for five minutes and five tries."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    def new(self, key: str) -> str:
        """Return a code for an account, "" where one was made a moment ago."""
        now = self._now()
        with self._lock:
            before = self._open.get(key)
            if before is not None and now - before.at < AGAIN_SECONDS:
                return ""
            code = f"{secrets.randbelow(1_000_000):06}"
            self._open[key] = _Open(digest(code), now, TRIES)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
            return code

    def right(self, key: str, code: str) -> bool:
        """Tell whether a code is right; a wrong one costs a try."""
        with self._lock:
            held = self._open.get(key)
            if held is None or self._now() - held.at > CODE_SECONDS or not held.tries:
                return False
            self._open[key] = held._replace(tries=held.tries - 1)
            return hmac.compare_digest(held.code, digest(code.strip()))

    def used(self, key: str) -> None:
        """Forget the code of an account."""
        with self._lock:
            self._open.pop(key, None)


def key_of_tenant(root: Root, login: str) -> str:
    """Return the account that a 400 number names, "" for none that may be reset by a code."""
    tenant = root.numbers.get(login, "")
    account = root.web.account(f"tenant:{tenant}") if tenant else None
    return f"tenant:{tenant}" if account is not None and account.enabled else ""


def send(root: Root, key: str, code: str, now: float, entry: AuditEntry) -> int:
    """Tell the code to whom the tenant has named for it, and to nobody else; return how many."""
    tenant = key.partition(":")[2]
    number = next(iter(root.tenants[tenant].numbers), "")
    values = {"code": code, "number": number}
    made = tell(root, NoticeKind.PASSWORD_CODE, tenant, f"password:{new_id(now)}", values, now)
    root.web.note(entry)
    return len(made)


def change(root: Root, key: str, password: str, now: float, entry: AuditEntry) -> None:
    """Set the new password and end all sessions; the second factor stays in force."""
    accounts.set_password(root, key, password, now, first=False)
    root.web.sign_out(key)
    root.web.note(entry)
