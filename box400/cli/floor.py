"""``box400 queues`` and ``box400 agents``: who waits, who serves."""

from __future__ import annotations

import click
import msgspec

from b2bua.control import Done
from b2bua.control_floor import Agents, AskAgents, AskQueues, LiveAgent, LiveQueue, Queues, SetAgent
from box400.cli.control import ask
from box400.cli.options import data_option, json_option
from box400.cli.table import duration, table
from box400.cli.words import words
from storage.data_directory import DataDirectory

STATES_ZH = {
    "offline": "离线",
    "idle": "空闲",
    "ringing": "振铃",
    "talking": "通话",
    "wrap-up": "话后整理",
    "paused": "示忙",
}
ACTIONS = ("login", "logout", "pause", "resume")


@click.command()
@click.option("--tenant", metavar="ID", help="Only this tenant's.")
@data_option
@json_option
def queues(tenant: str | None, data: DataDirectory, as_json: bool) -> None:
    """List the queues as they are now: who waits, who serves.

    Counts are since the b2bua started.

    \b
    Exit status: 0 also when there are none; 3 the box is not running.

    \b
    Examples:
      box400 queues
      box400 queues --tenant demo --json
    """
    found = [each for each in ask(data, AskQueues(), Queues).queues if tenant in (None, each.tenant)]
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    head = words(
        ("tenant", "queue", "open", "waiting", "longest", "free", "serving", "agents", "answered",
         "gave up", "sent on", "average wait"),
        ("租户", "队列", "开放", "排队", "最长等待", "空闲", "在岗", "坐席", "接听",
         "放弃", "转出", "平均等待"),
    )  # fmt: skip
    click.echo(table(head, [_queue_row(each) for each in found], right=tuple(range(3, 12))))


def _queue_row(queue: LiveQueue) -> tuple[str, ...]:
    return (
        queue.tenant,
        f"{queue.name} {queue.label}".rstrip(),
        words("yes", "是") if queue.open else words("no", "否"),
        str(queue.waiting),
        duration(queue.longest_wait),
        str(queue.free),
        str(queue.serving),
        str(queue.agents),
        str(queue.answered),
        str(queue.abandoned),
        str(queue.left + sum(queue.dismissed.values())),
        "" if queue.average_wait is None else duration(queue.average_wait),
    )


@click.group(invoke_without_command=True)
@click.option("--tenant", metavar="ID", help="Only this tenant's.")
@data_option
@json_option
@click.pass_context
def agents(context: click.Context, tenant: str | None, data: DataDirectory, as_json: bool) -> None:
    """List the agents of queues and what they do now; or set one: login, logout, pause, resume.

    \b
    Exit status: 0 also when there are none; 3 the box is not running.

    \b
    Examples:
      box400 agents
      box400 agents login demo 8001
      box400 agents pause demo 8001 --reason lunch
    """
    if context.invoked_subcommand is not None:
        return
    found = [each for each in ask(data, AskAgents(), Agents).agents if tenant in (None, each.tenant)]
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    head = words(
        ("tenant", "agent", "name", "phone", "state", "for", "queues", "calls"),
        ("租户", "工号", "姓名", "话机", "状态", "已持续", "队列", "接听数"),
    )
    click.echo(table(head, [_agent_row(each) for each in found], right=(5, 7)))


def _agent_row(agent: LiveAgent) -> tuple[str, ...]:
    state = words(agent.state, STATES_ZH[agent.state])
    return (
        agent.tenant,
        agent.agent,
        agent.label,
        agent.target,
        f"{state} ({agent.reason})" if agent.reason and agent.state == "paused" else state,
        duration(agent.seconds),
        ", ".join(agent.queues),
        str(agent.served),
    )


def _set(data: DataDirectory, tenant: str, agent: str, what: str, reason: str = "") -> None:
    ask(data, SetAgent(tenant, agent, what, reason), Done)
    click.echo(words(f"{agent}: {what}", f"{agent}：{dict(zip(ACTIONS, _DONE_ZH, strict=True))[what]}"))


_DONE_ZH = ("已登录", "已退出", "已示忙", "已示闲")


@agents.command()
@click.argument("tenant")
@click.argument("agent")
@data_option
def login(tenant: str, agent: str, data: DataDirectory) -> None:
    """Let an agent take calls from now on.

    \b
    Exit status: 0 done; 1 there is no such agent; 3 the box is not running.
    """
    _set(data, tenant, agent, "login")


@agents.command()
@click.argument("tenant")
@click.argument("agent")
@data_option
def logout(tenant: str, agent: str, data: DataDirectory) -> None:
    """Let an agent take no more calls; one he talks in goes on.

    \b
    Exit status: 0 done; 1 there is no such agent; 3 the box is not running.
    """
    _set(data, tenant, agent, "logout")


@agents.command()
@click.argument("tenant")
@click.argument("agent")
@click.option("--reason", default="", metavar="TEXT", help="Why: lunch, training ...")
@data_option
def pause(tenant: str, agent: str, reason: str, data: DataDirectory) -> None:
    """Let an agent take no calls for a while (示忙).

    \b
    Exit status: 0 done; 1 there is no such agent; 3 the box is not running.
    """
    if len(reason) > 40 or not reason.isprintable():
        raise click.BadParameter("at most 40 printable characters", param_hint="--reason")
    _set(data, tenant, agent, "pause", reason)


@agents.command()
@click.argument("tenant")
@click.argument("agent")
@data_option
def resume(tenant: str, agent: str, data: DataDirectory) -> None:
    """End an agent's pause, or his wrap-up (示闲).

    \b
    Exit status: 0 done; 1 there is no such agent; 3 the box is not running.
    """
    _set(data, tenant, agent, "resume")
