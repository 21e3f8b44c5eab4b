"""The flow document: nodes by id, each of a kind, as it is written, published and kept (docs/flows.md).

Node ids, variables and prompts are named by texts. A prompt is the name of a system prompt (``wrong-key``),
of a prompt of the tenant (``prompt:greeting``), a content address, or a variable that is spoken:
``digits:VARIABLE`` digit by digit, ``number:VARIABLE`` as a number.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from domain.days.schedule import Schedule
from domain.routing.destination import Destination, DestinationKind

KEYS: Final = "0123456789*#"

NodeId = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", description="Id of a node.")]
Variable = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$", description="Name of a variable.")]
KeyName = Annotated[str, Meta(pattern="^[0-9*#]$", description="One key of the telephone.")]
Prompt = Annotated[
    str,
    Meta(
        pattern="^(((digits|number):)?[A-Za-z0-9_][A-Za-z0-9._-]{0,79}|prompt:[^\\s/:]{1,40})$",
        description="NAME of a system prompt, prompt:NAME, digits:VARIABLE, number:VARIABLE.",
    ),
]
Prompts: TypeAlias = Annotated[tuple[Prompt, ...], Meta(max_length=20)]
Text: TypeAlias = Annotated[str, Meta(max_length=256)]
Route = Annotated[
    str,
    Meta(
        pattern="^[a-z-]+(:(prompt:)?[^\\s/:]{1,80})?$",
        description="A destination: bound, queue:NAME, voicemail:NAME, announcement:NAME, hang-up ...",
    ),
]
FirstKeySeconds: TypeAlias = Annotated[float, Meta(ge=1, le=60)]
InterDigitSeconds: TypeAlias = Annotated[float, Meta(ge=0.5, le=20)]
Retries: TypeAlias = Annotated[int, Meta(ge=0, le=9)]


class _Node(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    kw_only=True,
    omit_defaults=True,
):
    title: Annotated[str, Meta(max_length=80)] = ""
    """What people call the node."""
    position: tuple[float, float] | None = None
    """Where it stands in an editor."""


class _Asking(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A node that waits for keys."""

    prompts: Prompts = ()
    interruptible: bool = True
    """Whether a key stops the prompt; otherwise keys pressed meanwhile count after it."""
    first_key_seconds: FirstKeySeconds = 5.0
    """From the end of the prompt to the first key."""
    inter_digit_seconds: InterDigitSeconds = 3.0
    retries: Retries = 3
    """How often the caller is asked again after a wrong key or none."""
    no_key_prompts: Prompts = ("no-key",)
    wrong_key_prompts: Prompts = ("wrong-key",)
    default: NodeId | None = None
    """Where a caller goes after the last retry; null: the call ends, and the record says why."""


class Play(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="play"):
    """Play prompts, then go on; a key stops them and counts for the next node."""

    prompts: Prompts
    next: NodeId
    interruptible: bool = True


class Menu(_Asking, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="menu"):
    """Ask for one key; with ``extensions`` the caller may also dial an extension or a job number."""

    keys: dict[KeyName, NodeId] = {}
    extensions: bool = False
    """Whether extensions and job numbers (工号) can be dialled during the menu."""


class Dial(_Asking, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="dial"):
    """Ask for an extension or a job number and connect (总机/分机); # ends what is keyed."""

    prompts: Prompts = ("enter-extension",)
    wrong_key_prompts: Prompts = ("extension-unknown",)
    keys: dict[KeyName, NodeId] = {}
    """Single keys that lead elsewhere, such as 0 to the operator."""


class Rule(StrEnum):
    """What collected digits must be besides their number."""

    ANY = "any"
    MOBILE = "mobile"
    DATE = "date"
    """YYYYMMDD."""
    ID_CARD = "id-card"
    """18 digits of a resident identity card with the right check digit; * stands for X."""
    BANK_CARD = "bank-card"
    """Luhn's check digit."""


class Collect(
    _Asking, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="collect"
):
    """Collect digits into a variable."""

    variable: Variable
    next: NodeId
    least: Annotated[int, Meta(ge=1, le=32)] = 1
    most: Annotated[int, Meta(ge=1, le=32)] = 20
    """So many digits are complete at once."""
    terminator: Annotated[str, Meta(pattern="^[*#]?$")] = "#"
    """Key that ends the digits; empty: none."""
    rule: Rule = Rule.ANY
    allowed: tuple[Text, ...] = ()
    """Only these digits are right; empty: any."""
    secret: bool = False
    """Whether the digits are masked in the journal and the record."""


class WorkingHours(
    _Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="hours"
):
    """Branch by working hours."""

    schedule: Schedule | tuple[str, ...]
    """Lines such as ``mon-fri 09:00-18:00``; a published document has them as a Schedule."""
    open: NodeId
    closed: NodeId


class AreaCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Callers from one of these places; any of the lists may tell."""

    area_codes: tuple[Annotated[str, Meta(pattern="^0[0-9]{2,4}$")], ...] = ()
    provinces: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    """Region groups: 华北, 华东 ..."""
    prefixes: tuple[Annotated[str, Meta(pattern="^[0-9]{1,15}$")], ...] = ()
    """Of the caller's canonical number."""
    next: NodeId


class Area(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="area"):
    """Branch by the caller's place; the first case that fits holds."""

    cases: tuple[AreaCase, ...]
    default: NodeId


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the calls."""

    percent: Annotated[int, Meta(ge=0, le=100)]
    next: NodeId


class Percentage(
    _Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="percentage"
):
    """Divide callers, exactly over each hundred of them; the shares sum to 100."""

    shares: Annotated[tuple[Share, ...], Meta(min_length=1)]


class Set(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="set"):
    """Set a variable; ``{name}`` in the value is what that variable holds."""

    variable: Variable
    value: Text
    next: NodeId


class Branch(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="branch"):
    """Branch by what a variable holds."""

    variable: Variable
    cases: dict[Text, NodeId]
    default: NodeId


class Request(
    _Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="request"
):
    """Ask a web server of the tenant (POST, JSON) and branch by its answer."""

    url: Annotated[str, Meta(pattern="^https?://", max_length=1000)]
    prompts: Prompts = ()
    """Played once while the answer is awaited."""
    seconds: Annotated[float, Meta(ge=0.5, le=15)] = 5.0
    """For each attempt, from look-up of the name to the last byte."""
    retries: Annotated[int, Meta(ge=0, le=5)] = 2
    """After a failure to connect, a time-out, or a status of 500 and above."""
    save: dict[Variable, Text] = {}
    """Variable -> field of the answer whose value it gets; ``data.level`` is a field within a field."""
    field: Text = ""
    """The answer's field to branch by."""
    cases: dict[Text, NodeId] = {}
    """Value of ``field`` -> node."""
    statuses: dict[Annotated[str, Meta(pattern="^[1-5][0-9]{2}$")], NodeId] = {}
    """HTTP status -> node; they come before all else."""
    next: NodeId | None = None
    """After a good answer (2xx) that no case fits; null: the default."""
    default: NodeId
    """When there is no good answer."""


class Go(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="go"):
    """Leave the menu for a destination: queue, group, bound numbers, voicemail, announcement, another number,
    extension, another flow."""

    to: Route

    @property
    def destination(self) -> Destination:
        """Where the call goes; raises ValueError when ``to`` is no destination."""
        kind, _, name = self.to.partition(":")
        if name.startswith("prompt:") and kind == DestinationKind.ANNOUNCEMENT:
            return Destination(DestinationKind.ANNOUNCEMENT, name)
        return Destination.parse(self.to)


class HangUp(_Node, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag="hang-up"):
    """Play prompts, if any, and end the call."""

    prompts: Prompts = ()


Node = Play | Menu | Dial | Collect | WorkingHours | Area | Percentage | Set | Branch | Request | Go | HangUp
Asking = Menu | Dial | Collect


class FlowDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A voice menu as it is written."""

    title: Annotated[str, Meta(max_length=80)] = ""
    start: NodeId
    nodes: dict[NodeId, Node]


class Flow(FlowDocument, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A published voice menu of a tenant; ``flow:NAME`` sends calls to it."""

    name: str
    version: int = 0
    """Counts its publications, from 1."""

    def document(self) -> FlowDocument:
        """Return it without its name and version."""
        return FlowDocument(title=self.title, start=self.start, nodes=self.nodes)


def leads(node: Node) -> tuple[tuple[str, str, bool], ...]:
    """Return (field, node id, whether the caller's keys lead there) for every way out of a node."""
    match node:
        case Play() | Set():
            return (("next", node.next, False),)
        case Menu() | Dial():
            return (*_by_key(node.keys, by_input=True), *_default(node.default))
        case Collect():
            return (("next", node.next, True), *_default(node.default))
        case WorkingHours():
            return (("open", node.open, False), ("closed", node.closed, False))
        case Area():
            return (*((f"cases[{index}]", case.next, False) for index, case in enumerate(node.cases)),
                    ("default", node.default, False))  # fmt: skip
        case Percentage():
            return tuple((f"shares[{index}]", share.next, False) for index, share in enumerate(node.shares))
        case Branch():
            return (*_by_key(node.cases, by_input=False, field="cases"), ("default", node.default, False))
        case Request():
            return (*_by_key(node.cases, by_input=False, field="cases"),
                    *_by_key(node.statuses, by_input=False, field="statuses"),
                    *_default(node.next, "next"), *_default(node.default))  # fmt: skip
        case Go() | HangUp():
            return ()


def _by_key(
    table: dict[str, str], *, by_input: bool, field: str = "keys"
) -> tuple[tuple[str, str, bool], ...]:
    return tuple((f"{field}.{key}", target, by_input) for key, target in table.items())


def _default(target: str | None, field: str = "default") -> tuple[tuple[str, str, bool], ...]:
    return () if target is None else ((field, target, False),)


def prompts_of(node: Node) -> tuple[tuple[str, str], ...]:
    """Return (field, prompt) for every prompt that a node names."""
    found: list[tuple[str, str]] = []
    for field in ("prompts", "no_key_prompts", "wrong_key_prompts"):
        found += [(field, prompt) for prompt in getattr(node, field, ())]
    return tuple(found)
