"""Find everything that is wrong with a flow before it is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol
from urllib.parse import urlsplit

from domain.flow import document as doc
from domain.flow.dialling import DialPlan
from domain.flow.digits import are_right
from domain.flow.document import FlowDocument, Node, leads, prompts_of
from domain.flow.graph import Graph
from domain.flow.problems import FlowProblem
from domain.flow.speaking import variable_of
from domain.flow.variables import BUILT_IN, named_in
from domain.routing.destination import Destination, DestinationKind

MOST_MENUS_DEEP: Final = 10
"""Menus one behind the other; nobody finds his way through more."""
MOST_NODES: Final = 500


class World(Protocol):
    """What the tenant has besides the flow."""

    dial: DialPlan
    """Extensions and job numbers that can be dialled."""

    def has_prompt(self, name: str) -> bool:
        """Tell whether a system prompt, an approved ``prompt:NAME`` or a content address is there."""

    def has_destination(self, destination: Destination) -> bool:
        """Tell whether calls of the tenant can be sent there."""


def check(flow: FlowDocument, world: World, name: str = "") -> tuple[FlowProblem, ...]:
    """Return all that is wrong with a flow, in the order of its nodes; ``name`` is its own."""
    problems = list(_ways(flow, world))
    settable = {*BUILT_IN, *_variables_set(flow)}
    for place, node in flow.nodes.items():
        for code, facts in _node(node, flow, world, settable, name):
            problems.append(FlowProblem(place, code, facts))
    order = {place: index for index, place in enumerate(flow.nodes)}
    return tuple(sorted(problems, key=lambda problem: order.get(problem.node, -1)))


Facts = dict[str, str | int]
Found = Iterator[tuple[str, Facts]]


# -- ways ----------------------------------------------------------------------------------------------


def _ways(flow: FlowDocument, world: World) -> Iterator[FlowProblem]:
    if len(flow.nodes) > MOST_NODES:
        yield FlowProblem("", "too-many", {"count": len(flow.nodes), "most": MOST_NODES})
        return
    if flow.start not in flow.nodes:
        yield FlowProblem("", "no-start", {"value": flow.start})
    for place, node in flow.nodes.items():
        for field, target, _ in leads(node):
            if target not in flow.nodes:
                yield FlowProblem(place, "no-node", {"field": field, "value": target})
    if flow.start not in flow.nodes:
        return  # the rest would only say that nothing is reached
    graph = Graph(flow)
    depths = graph.depths(lambda place: isinstance(flow.nodes[place], doc.Menu | doc.Dial))
    out = graph.leading_out(dialling=bool(world.dial.numbers))
    looping = {place for way in graph.loops(set(depths)) for place in way}
    for way in graph.loops(set(depths)):
        yield FlowProblem(way[0], "loop", {"way": " → ".join(way)})
    for place, node in flow.nodes.items():
        if place not in depths:
            yield FlowProblem(place, "unreachable")
        elif isinstance(node, doc.Asking) and place not in out and place not in looping:
            yield FlowProblem(place, "no-way-out")
        if depths.get(place, 0) > MOST_MENUS_DEEP and isinstance(node, doc.Menu | doc.Dial):
            yield FlowProblem(place, "too-deep", {"depth": depths[place], "most": MOST_MENUS_DEEP})
        if isinstance(node, doc.Asking) and not node.prompts and not _told_before(flow, graph, place):
            yield FlowProblem(place, "nothing-to-hear")


def _told_before(flow: FlowDocument, graph: Graph, place: str) -> bool:
    """Tell whether a prompt is played just before a node."""
    return any(isinstance(flow.nodes[other], doc.Play) for other, ways in graph.ways.items() if place in ways)


def _variables_set(flow: FlowDocument) -> Iterator[str]:
    for node in flow.nodes.values():
        if isinstance(node, doc.Collect | doc.Set):
            yield node.variable
        elif isinstance(node, doc.Request):
            yield from node.save


# -- single nodes --------------------------------------------------------------------------------------


def _node(node: Node, flow: FlowDocument, world: World, settable: set[str], name: str) -> Found:
    yield from _prompts(node, world, settable)
    match node:
        case doc.Menu() | doc.Dial():
            yield from _choices(node, world)
        case doc.Collect():
            yield from _collecting(node)
        case doc.Percentage():
            total = sum(share.percent for share in node.shares)
            if total != 100:
                yield "shares", {"sum": total}
        case doc.Area():
            yield from _areas(node)
        case doc.Set():
            if node.variable in BUILT_IN:
                yield "built-in", {"value": node.variable}
            for variable in named_in(node.value):
                yield from _known(variable, settable)
        case doc.Branch():
            yield from _known(node.variable, settable)
            if not node.cases:
                yield "no-cases", {}
        case doc.Request():
            yield from _request(node)
        case doc.Go():
            yield from _destination(node, world, name)


def _prompts(node: Node, world: World, settable: set[str]) -> Found:
    for field, prompt in prompts_of(node):
        variable = variable_of(prompt)
        if variable is not None:
            yield from _known(variable, settable)
        elif not world.has_prompt(prompt):
            yield "no-prompt", {"value": prompt, "field": field}


def _known(variable: str, settable: set[str]) -> Found:
    if variable not in settable:
        yield "no-variable", {"value": variable}


def _choices(node: doc.Menu | doc.Dial, world: World) -> Found:
    dials = isinstance(node, doc.Dial) or node.extensions
    if not node.keys and not dials:
        yield "no-keys", {}
    if not dials:
        return
    if not world.dial.numbers:
        yield "no-extensions", {}
    for key in node.keys:
        if key in world.dial.numbers:
            yield "key-and-extension", {"value": key}


def _collecting(node: doc.Collect) -> Found:
    if node.variable in BUILT_IN:
        yield "built-in", {"value": node.variable}
    if node.least > node.most:
        yield "least-most", {"least": node.least, "most": node.most}
        return
    for value in node.allowed:
        if not are_right(value, node) or (node.terminator and node.terminator in value):
            yield "never-right", {"value": value}


def _areas(node: doc.Area) -> Found:
    if not node.cases:
        yield "no-cases", {}
    for index, case in enumerate(node.cases, start=1):
        if not (case.area_codes or case.provinces or case.regions or case.prefixes):
            yield "empty-case", {"value": index}


def _request(node: doc.Request) -> Found:
    if not is_web_address(node.url):
        yield "url", {"value": node.url}
    if node.cases and not node.field:
        yield "field-needed", {}
    for variable in node.save:
        if variable in BUILT_IN:
            yield "built-in", {"value": variable}


def is_web_address(url: str) -> bool:
    """Tell whether a text is an address of a web server that a flow may ask."""
    if not url.isascii() or any(char <= " " or char in '"<>\\^`{|}\x7f' for char in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and port != 0


def _destination(node: doc.Go, world: World, name: str) -> Found:
    try:
        destination = node.destination
    except ValueError:
        yield "no-destination", {"value": node.to}
        return
    if destination.kind is DestinationKind.FLOW and destination.name == name:
        yield "itself", {}
    elif destination.kind is DestinationKind.ANNOUNCEMENT and not world.has_prompt(destination.name):
        yield "no-prompt", {"value": destination.name, "field": "to"}
    elif not world.has_destination(destination):
        yield "no-destination", {"value": node.to}
