"""Check the voice menus a file names, as if they were published one by one."""

from __future__ import annotations

from collections.abc import Iterator

from domain.flow.checker import check
from domain.routing.destination import Destination
from domain.voice.prompts import own_name
from storage.provisioning.flow_world import FlowWorld
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wishes
from storage.provisioning.state import Configuration


def check_flows(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Return what is wrong with the flows that a file names."""
    worlds: dict[str, _World] = {}
    for wish in wishes.parts["flows"]:
        flow = after.parts["flows"].get((wish.tenant, wish.key))
        if wish.absent or flow is None:
            continue
        if wish.tenant not in worlds:
            worlds[wish.tenant] = _World(after, wish.tenant, wishes.shipped)
        for problem in check(flow, worlds[wish.tenant], wish.key):
            field = f"nodes.{problem.node}" if problem.node else "start"
            line = "nodes" if problem.node else "start"
            yield Problem(
                wish.file,
                wish.lines.get(line, wish.line),
                f"{wish.path}.{field}",
                "flow",
                {"en": problem.text("en"), "zh": problem.text("zh")},
            )


class _World(FlowWorld):
    """What consistency checks tell already counts as there."""

    def has_prompt(self, name: str) -> bool:
        """Leave ``prompt:NAME`` to the check of all that names prompts."""
        return own_name(name) is not None or super().has_prompt(name)

    def has_destination(self, destination: Destination) -> bool:
        """Leave it to the check of all that names destinations."""
        return True
