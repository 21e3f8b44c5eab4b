"""Why somebody's wish during a call cannot be granted, in the words of who asked."""

from __future__ import annotations

from domain.outcomes import Outcome
from domain.refusal import NotPossible as NotPossible


class NotInTalk(NotPossible):
    """Nobody talks in this call just now."""

    def __init__(self) -> None:
        super().__init__("nobody talks in this call now", "该呼叫当前不在通话中")


class NoColleague(NotPossible):
    """The target is nobody of the tenant's."""

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target!r} is no extension, job number or bound number of the tenant",
            f"“{target}”不是本企业的分机、工号或绑定号码",
        )


class RungTooOften(NotPossible):
    """The target, or the tenant's phones, were rung too often of late."""

    def __init__(self) -> None:
        super().__init__("it was rung too often of late", "近期振铃次数过多，请稍后再试")


class NoG711(NotPossible):
    """A leg speaks a codec that cannot be mixed."""

    def __init__(self) -> None:
        super().__init__("a leg speaks a codec that cannot be mixed", "有一方使用的语音编码无法混音")


class NotBegun(Exception):
    """The box begins no call now; ``outcome`` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
