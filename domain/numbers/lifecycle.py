"""The life of a 400 number (号码生命周期): one table of moves; every change is dated, with who and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.numbers.terms import Contract
from domain.outcomes import Outcome
from domain.refusal import NotPossible


class NumberState(StrEnum):
    """Where a number stands."""

    IN_STOCK = "in-stock"
    RESERVED = "reserved"
    APPLIED = "applied"
    UNDER_REVIEW = "under-review"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    FROZEN = "frozen"
    RECLAIMED = "reclaimed"


class Move(StrEnum):
    """What can be done with a number."""

    IMPORT = "import"
    RESERVE = "reserve"
    RELEASE = "release"
    EXPIRE = "expire"
    """The reservation's time is over."""
    APPLY = "apply"
    SUBMIT = "submit"
    RETURN = "return"
    """The carrier sends the papers back."""
    WITHDRAW = "withdraw"
    ACTIVATE = "activate"
    HAND_OVER = "hand-over"
    """Another tenant takes it over."""
    SUSPEND = "suspend"
    RESUME = "resume"
    FREEZE = "freeze"
    RECLAIM = "reclaim"
    RESTOCK = "restock"


class Halt(StrEnum):
    """Why a number is suspended."""

    ARREARS = "arrears"
    MISUSE = "misuse"
    CAP = "cap"
    REQUEST = "request"


STATE_WORDS: Final[dict[NumberState, tuple[str, str]]] = {
    NumberState.IN_STOCK: ("In stock", "库存"),
    NumberState.RESERVED: ("Reserved", "预占"),
    NumberState.APPLIED: ("Applied for", "已受理"),
    NumberState.UNDER_REVIEW: ("Under review", "审核中"),
    NumberState.ACTIVE: ("Active", "在用"),
    NumberState.SUSPENDED: ("Suspended", "停机"),
    NumberState.FROZEN: ("Frozen", "冻结"),
    NumberState.RECLAIMED: ("Reclaimed", "已收回"),
}
MOVE_WORDS: Final[dict[Move, tuple[str, str]]] = {
    Move.IMPORT: ("taken into stock", "入库"),
    Move.RESERVE: ("reserved", "预占"),
    Move.RELEASE: ("released", "释放预占"),
    Move.EXPIRE: ("reservation expired", "预占到期"),
    Move.APPLY: ("applied for", "受理办理申请"),
    Move.SUBMIT: ("submitted to the carrier", "提交运营商审核"),
    Move.RETURN: ("returned by the carrier", "运营商退回"),
    Move.WITHDRAW: ("application withdrawn", "撤销申请"),
    Move.ACTIVATE: ("activated", "开通"),
    Move.HAND_OVER: ("handed over to another tenant", "过户"),
    Move.SUSPEND: ("suspended", "停机"),
    Move.RESUME: ("resumed", "复机"),
    Move.FREEZE: ("frozen", "冻结"),
    Move.RECLAIM: ("reclaimed", "收回"),
    Move.RESTOCK: ("returned to stock", "重新入库"),
}
HALT_WORDS: Final[dict[Halt, tuple[str, str]]] = {
    Halt.ARREARS: ("arrears", "欠费停机"),
    Halt.MISUSE: ("misuse", "违规停机"),
    Halt.CAP: ("cap reached", "达到费用上限停机"),
    Halt.REQUEST: ("at the customer's request", "用户申请停机"),
}


class _Way(NamedTuple):
    after: tuple[NumberState, ...]
    to: NumberState


_S = NumberState
WAYS: Final[dict[Move, _Way]] = {
    Move.RESERVE: _Way((_S.IN_STOCK,), _S.RESERVED),
    Move.RELEASE: _Way((_S.RESERVED,), _S.IN_STOCK),
    Move.EXPIRE: _Way((_S.RESERVED,), _S.IN_STOCK),
    Move.APPLY: _Way((_S.IN_STOCK, _S.RESERVED), _S.APPLIED),
    Move.SUBMIT: _Way((_S.APPLIED,), _S.UNDER_REVIEW),
    Move.RETURN: _Way((_S.UNDER_REVIEW,), _S.APPLIED),
    Move.WITHDRAW: _Way((_S.APPLIED, _S.UNDER_REVIEW), _S.IN_STOCK),
    Move.ACTIVATE: _Way((_S.IN_STOCK, _S.RESERVED, _S.UNDER_REVIEW), _S.ACTIVE),
    Move.SUSPEND: _Way((_S.ACTIVE,), _S.SUSPENDED),
    Move.RESUME: _Way((_S.SUSPENDED, _S.FROZEN), _S.ACTIVE),
    Move.FREEZE: _Way((_S.ACTIVE, _S.SUSPENDED), _S.FROZEN),
    Move.RECLAIM: _Way((_S.IN_STOCK, _S.ACTIVE, _S.SUSPENDED, _S.FROZEN), _S.RECLAIMED),
    Move.RESTOCK: _Way((_S.RECLAIMED,), _S.IN_STOCK),
}
"""Move -> the states it may follow, and the one it leads to."""
_HALT_OUTCOMES: Final = {
    Halt.ARREARS: Outcome.NUMBER_IN_ARREARS,
    Halt.MISUSE: Outcome.NUMBER_MISUSED,
    Halt.CAP: Outcome.CAPPED,
    Halt.REQUEST: Outcome.SUSPENDED,
}
OWNED: Final = frozenset((_S.ACTIVE, _S.SUSPENDED, _S.FROZEN))
"""A tenant has the number."""
UNSOLD: Final = frozenset((_S.IN_STOCK, _S.RESERVED))


class NumberCard(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One number of the inventory. What is None or empty follows from its class."""

    number: str
    vanity_class: str
    """As the rule table said when it was last asked."""
    state: NumberState = NumberState.IN_STOCK
    since: float = 0.0
    """When it came into this state, UTC POSIX seconds."""
    class_by_hand: str = ""
    minimum_li: int | None = None
    fee_li: int | None = None
    deposit_li: int | None = None
    note: str = ""
    reserved_for: str = ""
    reserved_until: float = 0.0
    application: str = ""
    """Id of the application under way, or of the one it was activated by."""
    tenant: str = ""
    contract: Contract | None = None
    """What was agreed when it was activated; None: nothing."""
    halt: Halt | None = None
    """Why it is suspended."""

    @property
    def effective_class(self) -> str:
        """The class it is sold as."""
        return self.class_by_hand or self.vanity_class


class Change(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One entry of a number's history."""

    at: float
    """UTC POSIX seconds."""
    move: Move
    state: NumberState
    """The state it led to."""
    by: str
    why: str = ""
    tenant: str = ""
    halt: Halt | None = None


class Told(NamedTuple):
    """Who does something, when and why."""

    at: float
    by: str
    why: str = ""


def moved(card: NumberCard, move: Move, told: Told, **fields: object) -> tuple[NumberCard, Change]:
    """Return the card after a move, and the entry for its history; raises NotPossible out of order."""
    way = WAYS[move]
    if card.state not in way.after:
        en, zh = MOVE_WORDS[move]
        state_en, state_zh = STATE_WORDS[card.state]
        raise NotPossible(
            f"{card.number} cannot be {en}: it is {state_en.lower()}",
            f"{card.number} 当前状态为“{state_zh}”，不能{zh}",
        )
    cleared = _cleared(way.to)
    after = msgspec.structs.replace(card, state=way.to, since=told.at, **{**cleared, **fields})
    change = Change(told.at, move, way.to, told.by, told.why, after.tenant or card.tenant, after.halt)
    return after, change


def _cleared(to: NumberState) -> dict[str, object]:
    """Return what a number loses on its way into a state."""
    lost: dict[str, object] = {"halt": None}
    if to is not NumberState.RESERVED:
        lost |= {"reserved_for": "", "reserved_until": 0.0}
    if to in (NumberState.IN_STOCK, NumberState.RECLAIMED):
        lost |= {"application": "", "tenant": "", "contract": None}
    return lost


def reserved(card: NumberCard, holder: str, until: float, told: Told) -> tuple[NumberCard, Change]:
    """Keep a number for somebody until a moment; raises NotPossible unless it is in stock."""
    if not holder.strip():
        raise NotPossible("say whom it is reserved for", "请填写为谁预占")
    if until <= told.at:
        raise NotPossible("the reservation would have ended already", "预占截止时间已过")
    return moved(card, Move.RESERVE, told, reserved_for=holder.strip(), reserved_until=until)


def outcome_of(card: NumberCard) -> Outcome:
    """Return how calls to a number end that is suspended or frozen."""
    if card.state is NumberState.FROZEN:
        return Outcome.NUMBER_FROZEN
    return _HALT_OUTCOMES[card.halt or Halt.REQUEST]


def has_expired(card: NumberCard, now: float) -> bool:
    """Tell whether a reservation is over."""
    return card.state is NumberState.RESERVED and card.reserved_until <= now
