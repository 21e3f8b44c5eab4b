"""Ways through a flow: what is reached, what never ends, what has no way out. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from domain.flow.document import Dial, FlowDocument, Go, HangUp, Menu, leads


class Graph:
    """The ways between the nodes of a flow; those to nodes that are not there are left out."""

    def __init__(self, flow: FlowDocument) -> None:
        self.flow = flow
        self.ways: dict[str, tuple[str, ...]] = {}
        """Node -> where it leads, in any way."""
        self.idle_ways: dict[str, tuple[str, ...]] = {}
        """Node -> where callers get who press nothing."""
        self.incomplete: set[str] = set()
        """Nodes that lead to something that is not there."""
        for name, node in flow.nodes.items():
            all_ways = leads(node)
            self.ways[name] = _there(flow, (target for _, target, _ in all_ways))
            self.idle_ways[name] = _there(flow, (target for _, target, by_key in all_ways if not by_key))
            if any(target not in flow.nodes for _, target, _ in all_ways):
                self.incomplete.add(name)

    def reached(self) -> set[str]:
        """Return the nodes that calls can come to."""
        return set(self.depths(lambda name: 0))

    def depths(self, weight: Callable[[str], int]) -> dict[str, int]:
        """Return, for each node reached, the least sum of weights on a way from the start to it."""
        if self.flow.start not in self.flow.nodes:
            return {}
        found: dict[str, int] = {}
        waiting = deque([(self.flow.start, weight(self.flow.start))])
        while waiting:
            name, depth = waiting.popleft()
            if name in found and found[name] <= depth:
                continue
            found[name] = depth
            for target in self.ways[name]:
                far = depth + weight(target)
                if found.get(target, far + 1) > far:
                    waiting.append((target, far)) if weight(target) else waiting.appendleft((target, far))
        return found

    def loops(self, within: set[str]) -> list[tuple[str, ...]]:
        """Return the rounds that callers can go for ever without a key, one for each knot of nodes."""
        found: list[tuple[str, ...]] = []
        told: set[str] = set()
        for name in self.flow.nodes:
            if name in within and name not in told:
                way = self._round(name)
                if way:
                    found.append(way)
                    told |= self._idly_reached(name)
        return found

    def _round(self, start: str) -> tuple[str, ...]:
        """Return the shortest round from a node back to itself without a key; empty when there is none."""
        before: dict[str, str] = {}
        waiting = deque([start])
        while waiting:
            name = waiting.popleft()
            for target in self.idle_ways[name]:
                if target == start:
                    way = [start, name]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    return tuple(reversed(way)) if name != start else (start, start)
                if target not in before:
                    before[target] = name
                    waiting.append(target)
        return ()

    def _idly_reached(self, start: str) -> set[str]:
        seen = {start}
        waiting = [start]
        while waiting:
            for target in self.idle_ways[waiting.pop()]:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    def leading_out(self, *, dialling: bool) -> set[str]:
        """Return the nodes from which a caller can get out of the flow other than by being given up.

        ``dialling``: whether there are extensions to dial.
        """
        backwards: dict[str, list[str]] = {name: [] for name in self.flow.nodes}
        for name, targets in self.ways.items():
            for target in targets:
                backwards[target].append(name)
        waiting = [
            name
            for name, node in self.flow.nodes.items()
            if isinstance(node, Go | HangUp)
            or name in self.incomplete
            or (dialling and (isinstance(node, Dial) or (isinstance(node, Menu) and node.extensions)))
        ]
        out = set(waiting)
        while waiting:
            for name in backwards[waiting.pop()]:
                if name not in out:
                    out.add(name)
                    waiting.append(name)
        return out


def _there(flow: FlowDocument, targets: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target for target in targets if target in flow.nodes))
