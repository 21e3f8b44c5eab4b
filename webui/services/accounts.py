"""Accounts: who may sign in, sessions, passwords, the second factor."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final, NamedTuple

import msgspec
import pyotp

from storage.models import Root
from storage.models.web import Account, Assistance, AuditEntry, Credential, Role, SessionDocument, WebSession
from webui.services.passwords import hash_password

FIRST_PASSWORD_HOURS: Final = 72
FIRST_PASSWORD_TRIES: Final = 10
SESSION_SECONDS: Final = 12 * 3600.0
IDLE_SECONDS: Final = 2 * 3600.0
SEEN_EVERY: Final = 300.0
RECOVERY_CODES: Final = 8
STEP: Final = 30


def digest(token: str) -> str:
    """Return what is stored of a secret that a browser or a person holds."""
    return hashlib.sha256(token.encode()).hexdigest()


class Known(NamedTuple):
    """A live session and its account."""

    token: str
    """Digest of its cookie."""
    session: WebSession
    account: Account


def new_account(password: str, now: float, *, role: Role | None = None, first: bool = True) -> Account:
    """Return an account with a password."""
    return Account(Credential(hash_password(password), first=first, set_at=now), role)


def key_of_login(root: Root, login: str, agent: str = "") -> str:
    """Return the account that a login names: a 400 number its tenant's, anything else an operator's.

    With a job number (工号) it is that of the tenant's agent.
    """
    login = login.strip()
    if agent:
        return key_of_agent(root.numbers.get(login, ""), agent.strip())
    if login in root.numbers:
        return f"tenant:{root.numbers[login]}"
    return f"operator:{login}"


def key_of_agent(tenant: str, agent: str) -> str:
    """Return the key of an agent's account."""
    return f"agent:{tenant}/{agent}"


def agent_of(key: str) -> tuple[str, str]:
    """Return tenant and job number of an agent's account; empty for any other."""
    kind, _, rest = key.partition(":")
    tenant, _, agent = rest.partition("/") if kind == "agent" else ("", "", "")
    return tenant, agent


def usable(root: Root, key: str, account: Account | None) -> bool:
    """Tell whether an account may be used: an agent's only as long as his tenant has him."""
    if account is None or not account.enabled:
        return False
    tenant, agent = agent_of(key)
    if not agent:
        return True
    held = root.tenants.get(tenant)
    return held is not None and agent in held.parts.get("agents", ())


def dead(account: Account, now: float) -> bool:
    """Tell whether a first password is used up: too old, or too often guessed at."""
    held = account.credential
    return held.first and (
        now - held.set_at > FIRST_PASSWORD_HOURS * 3600 or held.wrong >= FIRST_PASSWORD_TRIES
    )


def count_wrong(root: Root, key: str) -> None:
    """Count a wrong try against a first password."""
    account = root.web.account(key)
    if account is not None and account.credential.first:
        held = account.credential
        changed = msgspec.structs.replace(held, wrong=held.wrong + 1)
        root.web.set_account(key, msgspec.structs.replace(account, credential=changed))


def open_session(root: Root, session: WebSession) -> str:
    """Store a session; return the token for the cookie. Sessions that ended go."""
    token = secrets.token_urlsafe(32)
    gone = [key for key, held in root.web.sessions.items() if _over(held.value, session.began)]
    for key in gone:
        del root.web.sessions[key]
    root.web.sessions[digest(token)] = SessionDocument(session)
    return token


def known(root: Root, token: str, now: float) -> Known | None:
    """Return whose cookie it is, or None."""
    return session_of(root, digest(token), now)


def session_of(root: Root, token: str, now: float) -> Known | None:
    """Return a session by the digest of its cookie; None when it is over, or its account may not be used."""
    held = root.web.sessions.get(token)
    if held is None or _over(held.value, now):
        return None
    account = root.web.account(held.value.account)
    if account is None or not usable(root, held.value.account, account):
        return None
    if held.value.acting:
        operator = root.web.account(f"operator:{held.value.acting}")
        tenant = held.value.account.partition(":")[2]
        if operator is None or not operator.enabled or not may_assist(root, tenant, now):
            return None
    return Known(token, held.value, account)


def assistance_of(root: Root, tenant: str) -> Assistance:
    """Return what a tenant allows his operator."""
    held = root.web.assistance.get(tenant)
    return Assistance() if held is None else held.value


def may_assist(root: Root, tenant: str, now: float) -> bool:
    """Tell whether operators may see a tenant's pages: he allowed it, or has not taken his account over."""
    account = root.web.account(f"tenant:{tenant}")
    return account is not None and (account.credential.first or assistance_of(root, tenant).holds(now))


def may_change(root: Root, tenant: str, now: float) -> bool:
    """Tell whether operators may also change something there."""
    found = assistance_of(root, tenant)
    return may_assist(root, tenant, now) and (found.may_change or not found.holds(now))


def touch(root: Root, token: str, now: float) -> None:
    """Note that a session is in use."""
    held = root.web.sessions.get(token)
    if held is not None:
        held.value = msgspec.structs.replace(held.value, seen=now)


def _over(session: WebSession, now: float) -> bool:
    return now - session.began > SESSION_SECONDS or now - session.seen > IDLE_SECONDS


def set_password(root: Root, key: str, password: str, now: float, *, first: bool) -> None:
    """Give an account another password; the second factor stays. Raises KeyError."""
    account = root.web.account(key)
    if account is None:
        raise KeyError(key)
    changed = msgspec.structs.replace(
        account.credential, hash=hash_password(password), first=first, set_at=now, wrong=0
    )
    root.web.set_account(key, msgspec.structs.replace(account, credential=changed))


def give_first_password(root: Root, tenant: str, password: str, now: float) -> None:
    """Give a tenant a first password and end his sessions; his second factor is taken away too."""
    key = f"tenant:{tenant}"
    root.web.set_account(key, new_account(password, now))
    root.web.sign_out(key)


def check_code(root: Root, key: str, code: str, now: float) -> bool:
    """Tell whether a code of the second factor, or a recovery code, is right; each is good once."""
    account = root.web.account(key)
    if account is None:
        return False
    held = account.credential
    plain = code.replace(" ", "").replace("-", "").lower()
    used = digest(plain)
    if any(hmac.compare_digest(used, each) for each in held.recovery):
        left = tuple(each for each in held.recovery if each != used)
        changed = msgspec.structs.replace(held, recovery=left)
    else:
        step = _step_of(held.totp, plain, now)
        if step is None or step <= held.totp_step:
            return False
        changed = msgspec.structs.replace(held, totp_step=step)
    root.web.set_account(key, msgspec.structs.replace(account, credential=changed))
    return True


def _step_of(secret: str, code: str, now: float) -> int | None:
    totp = pyotp.TOTP(secret)
    for drift in (0, -1, 1):
        step = int(now) // STEP + drift
        if hmac.compare_digest(totp.at(step * STEP).encode(), code.encode()):
            return step
    return None


def right_code(secret: str, code: str, now: float) -> bool:
    """Tell whether a code fits a secret that is not in use yet."""
    return _step_of(secret, code.replace(" ", ""), now) is not None


def set_second_factor(root: Root, key: str, secret: str) -> tuple[str, ...]:
    """Switch the second factor on (or off, with ""); return the recovery codes, told once."""
    account = root.web.account(key)
    if account is None:
        raise KeyError(key)
    codes = tuple(secrets.token_hex(5) for _ in range(RECOVERY_CODES)) if secret else ()
    changed = msgspec.structs.replace(
        account.credential, totp=secret, totp_step=0, recovery=tuple(digest(code) for code in codes)
    )
    root.web.set_account(key, msgspec.structs.replace(account, credential=changed))
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


def audited(at: float, who: str, action: str, target: str = "", **more: str) -> AuditEntry:
    """Return an entry of the audit log."""
    return AuditEntry(at, who, action, target, **more)
