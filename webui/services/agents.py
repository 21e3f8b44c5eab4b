"""A tenant's agents as people who sign in, and his settings for their desks."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from domain.acd.configuration import Agent
from domain.customers.desk import DeskSettings
from storage.models import Root
from storage.models.web import Account, AuditEntry
from webui.services import accounts
from webui.services.accounts import key_of_agent, new_account
from webui.services.box import BoxServices
from webui.services.passwords import first_password


class AgentLine(NamedTuple):
    """An agent as his tenant sees him."""

    agent: Agent
    account: Account | None
    sessions: int
    """Browsers that he is signed in with."""


def listed(root: Root, tenant: str) -> list[AgentLine]:
    """Return a tenant's agents, in the order of configuration."""
    open_sessions = [held.value.account for held in root.web.sessions.values()]
    found = []
    for name, agent in root.tenants[tenant].named("agents"):
        assert isinstance(agent, Agent)
        key = key_of_agent(tenant, name)
        found.append(AgentLine(agent, root.web.account(key), open_sessions.count(key)))
    return found


def agent_named(root: Root, tenant: str, name: str) -> Agent | None:
    """Return a tenant's agent, or None."""
    held = root.tenants[tenant].parts.get("agents", {}).get(name) if tenant in root.tenants else None
    return None if held is None else held.value


def give_password(services: BoxServices, tenant: str, agent: str, entry: AuditEntry) -> str:
    """Give an agent a first password; his sessions and second factor end. Raises KeyError."""
    password, now = first_password(), services.now()

    def work(root: Root) -> None:
        if agent_named(root, tenant, agent) is None:
            raise KeyError(agent)
        key = key_of_agent(tenant, agent)
        before = root.web.account(key)
        account = new_account(password, now)
        supervisor = before is not None and before.supervisor
        root.web.set_account(key, msgspec.structs.replace(account, supervisor=supervisor))
        root.web.sign_out(key)
        root.web.note(entry)

    services.change(work, "agent password")
    return password


def set_supervisor(services: BoxServices, tenant: str, agent: str, on: bool, entry: AuditEntry) -> None:
    """Make an agent a supervisor, or none; he signs in anew. Raises KeyError without account."""

    def work(root: Root) -> None:
        key = key_of_agent(tenant, agent)
        account = root.web.account(key)
        if account is None:
            raise KeyError(agent)
        root.web.set_account(key, msgspec.structs.replace(account, supervisor=on))
        root.web.sign_out(key)
        root.web.note(entry)

    services.change(work, "supervisor")


def sign_out(services: BoxServices, tenant: str, agent: str, entry: AuditEntry) -> None:
    """End an agent's sessions."""

    def work(root: Root) -> None:
        root.web.sign_out(key_of_agent(tenant, agent))
        root.web.note(entry)

    services.change(work, "sign agent out")


def change_settings(services: BoxServices, tenant: str, settings: DeskSettings, entry: AuditEntry) -> None:
    """Store a tenant's settings; before and after are in the audit log."""

    def work(root: Root) -> None:
        desk = root.desk.of(tenant)
        before = desk.settings.value
        if settings != before:
            desk.settings.value = settings
            was, is_now = (msgspec.json.encode(each).decode() for each in (before, settings))
            root.web.note(msgspec.structs.replace(entry, before=was[:2000], after=is_now[:2000]))

    services.change(work, "desk settings")


def masks(root: Root) -> dict[str, frozenset[str]]:
    """Return tenant -> kinds of live topics whose viewers see callers masked."""
    return {name: frozenset(desk.settings.value.masked) for name, desk in root.desk.tenants.items()}


def watched(root: Root, sessions: frozenset[str], now: float) -> list[str]:
    """Return the sessions of agents that are to be noted as in use: an open workbench is."""
    found = []
    for each in sessions:
        held = root.web.sessions.get(each)
        if held is None or not held.value.account.startswith("agent:"):
            continue
        if now - held.value.seen > accounts.SEEN_EVERY:
            found.append(each)
    return found
