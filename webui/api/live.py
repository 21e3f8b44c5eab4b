"""Calls that are up, queues and agents: asked of the running b2bua."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from b2bua.control import AskCalls, Calls, ControlFailed, Done, HangUp, Request
from b2bua.control_floor import Agents, AskAgents, AskQueues, Queues, SetAgent
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, call_id, query
from webui.api.problems import ApiProblem

_AGENT = re.compile(r"[0-9A-Za-z._-]{1,20}", re.ASCII)


def calls(caller: Caller) -> Mapping[str, Any]:
    """Return the tenant's calls that are up."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.ask(AskCalls(), Calls).calls
    return {"items": [each for each in found if each.tenant == caller.tenant]}


def end(caller: Caller) -> None:
    """End one of them."""
    query(caller, NoQuery)
    name = call_id(caller)
    found = caller.services.ask(AskCalls(), Calls).calls
    if not any(each.call == name and each.tenant == caller.tenant for each in found):
        raise ApiProblem(404)
    done(caller, HangUp(name))
    note(caller, "call-taken-down", name)


def queues(caller: Caller) -> Mapping[str, Any]:
    """Return the tenant's queues."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.ask(AskQueues(), Queues).queues
    return {"items": [each for each in found if each.tenant == caller.tenant]}


def agents(caller: Caller) -> Mapping[str, Any]:
    """Return the tenant's agents."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.ask(AskAgents(), Agents).agents
    return {"items": [each for each in found if each.tenant == caller.tenant]}


class AgentWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent shall be."""

    do: Literal["log-in", "log-out", "pause", "resume"]
    reason: Annotated[str, msgspec.Meta(max_length=40)] = ""


def set_agent(caller: Caller) -> None:
    """Log an agent in or out, pause or resume."""
    query(caller, NoQuery)
    wish, agent = body(caller, AgentWish), caller.part("agent")
    if _AGENT.fullmatch(agent) is None:
        raise ApiProblem(404)
    found = caller.services.ask(AskAgents(), Agents).agents
    if not any(each.agent == agent and each.tenant == caller.tenant for each in found):
        raise ApiProblem(404)
    done(caller, SetAgent(caller.tenant, agent, wish.do.replace("log-", "log"), wish.reason))
    note(caller, f"agent-{wish.do}", agent)


def done(caller: Caller, wish: Request) -> None:
    """Ask the b2bua to do something; 409 with its reason when it does not."""
    try:
        caller.services.ask(wish, Done)
    except ControlFailed as error:
        raise refused(error) from error


def refused(error: ControlFailed) -> ApiProblem:
    """Return a refusal of the b2bua."""
    return ApiProblem(409, getattr(error, "zh", "") or str(error), str(error))


def note(caller: Caller, action: str, target: str) -> None:
    """Write down who did it."""
    caller.services.audit(caller.entry(action, target))
