"""Meter one call: keep what it will cost reserved ahead of time, and end it before more would be spent.

Money is reserved in slices across all calls of the tenant, so that two calls never spend the same 厘. The
charge itself is made by the ledger, by the same tariff and the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred

from b2bua.calls.call import Call
from b2bua.calls.party import expected_to_end
from b2bua.calls.ports import CallEnd, CallPorts
from domain.money.funds import Spent, Terms
from domain.money.tariff import CallKind, ChargedFrom, Edition, kind_of_call, rate
from domain.outcomes import HungUpBy, Outcome

SLICE_SECONDS: Final = 60
"""What is reserved at a time."""
AHEAD_SECONDS: Final = 30.0
"""How long before its time is up the next slice is reserved; else the caller is warned then."""
SAID_SECONDS: Final = 6.0
"""How long before the end the caller is told that no balance is left."""
GUARD_SECONDS: Final = 0.4
"""How long before the end of the paid block the call is cut: a block that was begun would be charged."""
WARNING_TONE: Final = ("busy", 1.0)


def meter(call: Call, ports: CallPorts) -> Meter | None:
    """Return the meter of a new call, or None when nothing limits its tenant or it is not his call."""
    if call.tenant is None or call.facts is None or not call.tenant.terms.limits:
        return None
    return Meter(call, call.tenant.terms, ports)


class Meter:
    """One call's meter."""

    def __init__(self, call: Call, terms: Terms, ports: CallPorts) -> None:
        assert call.tenant is not None
        assert call.facts is not None
        self._call = call
        self._ports = ports
        self._terms = terms
        self._tenant = call.tenant.id
        self._when = call.facts.when
        day = self._when.today.date
        self._month = f"{day:%Y%m}"
        self._edition: Edition | None = None if terms.tariff is None else terms.tariff.on(day.isoformat())
        self._kind: CallKind = kind_of_call(call.facts.caller, call.facts.place, terms.area_code)
        self._legs = 2 if call.direction else 1
        """Both legs of a call that the box begins are charged; one to an extension is not, which the ledger
        knows."""
        self._granted = 0
        """Charged seconds that are reserved."""
        self._used = 0.0
        """Charged seconds up to ``_since``."""
        self._since: float | None = None
        self._capped = False
        self._timer: Deferred[None] | None = None

    # -- from the call -----------------------------------------------------------------------------

    def admit(self) -> Outcome | None:
        """Reserve the first slice; return why the call is turned away, or None."""
        left = self._ports.funds.calls_left(self._tenant, self._terms, self._month)
        if left is not None and left <= 0:
            return Outcome.CAPPED
        if self._extend():
            return None
        return Outcome.CAPPED if self._capped else Outcome.NO_BALANCE

    def answered(self) -> None:
        """Note that the box answered."""
        if self._edition is not None and self._edition.charged_from is ChargedFrom.BOX:
            self._run()

    def talking(self) -> None:
        """Note that caller and answerer hear each other."""
        if self._edition is not None and self._edition.charged_from is ChargedFrom.ANSWERER:
            self._run()

    def pausing(self) -> None:
        """Note that they no longer do."""
        if self._edition is not None and self._edition.charged_from is ChargedFrom.ANSWERER:
            self._stop()

    def close(self) -> None:
        """Give back what was reserved, keep what was used until the ledger has charged it."""
        self._stop()
        spent = self._cost(self._used, self._included())
        place = self._ports.journal.position
        self._ports.funds.settle(self._tenant, self._call.id, self._month, spent, place)

    # -- time --------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._since is None:
            self._since = self._ports.clock.mono()
            self._arm()

    def _stop(self) -> None:
        if self._since is not None:
            self._used += self._ports.clock.mono() - self._since
            self._since = None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _left(self) -> float:
        """Seconds until what is reserved is used up."""
        running = 0.0 if self._since is None else self._ports.clock.mono() - self._since
        return self._granted - self._used - running

    def _arm(self) -> None:
        """Wait for the next thing to do before the time is up."""
        if self._left() > AHEAD_SECONDS:
            self._wait(self._left() - AHEAD_SECONDS, self._ahead)
        else:
            self._ahead()

    def _ahead(self) -> None:
        """Reserve the next slice; when nothing more is to be had, warn, tell, and cut."""
        while self._left() <= AHEAD_SECONDS and self._extend():
            pass
        left = self._left()
        if left > AHEAD_SECONDS:
            self._arm()
        elif left > SAID_SECONDS:
            self._warn()
            self._wait(left - SAID_SECONDS, self._tell)
        else:
            self._tell()

    def _warn(self) -> None:
        tone, seconds = WARNING_TONE
        for party in self._call.parties:
            if party.other is not None:
                party.signal(tone, seconds, self._ports.clock)

    def _tell(self) -> None:
        name = "cap-reached" if self._capped else "balance-used-up"
        prompt = self._ports.directory.prompt(self._tenant, name)
        if prompt is not None and self._call.parties:
            self._call.step("announce", name)
            self._call.parties[0].endpoint.play((prompt,)).addErrback(expected_to_end)
        self._wait(max(0.0, self._left() - GUARD_SECONDS), self._cut)

    def _cut(self) -> None:
        outcome = Outcome.CAPPED if self._capped else Outcome.NO_BALANCE
        self._call.cut(CallEnd(outcome=outcome, by=HungUpBy.BOX))

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        guarded = self._call.guard(then)
        timer = self._timer = self._ports.clock.after(seconds)
        timer.addCallbacks(lambda _: guarded(), expected_to_end)

    # -- money -------------------------------------------------------------------------------------

    def _extend(self) -> bool:
        """Reserve a slice more, or as much of it as is to be had; tell whether anything was."""
        funds = self._ports.funds
        limit, self._capped = funds.spendable(self._tenant, self._terms, self._month, besides=self._call.id)
        granted, included = self._granted, self._included()
        if self._edition is None or limit is None:
            self._granted += SLICE_SECONDS
        else:
            low, high = granted, granted + SLICE_SECONDS
            while low < high:
                middle = (low + high + 1) // 2
                if self._cost(middle, included).li <= limit:
                    low = middle
                else:
                    high = middle - 1
            self._granted = low
        if self._granted == granted:
            return False
        funds.reserve(self._tenant, self._call.id, self._cost(self._granted, included))
        return True

    def _included(self) -> int:
        """Return what other calls have left of the month's included seconds."""
        included = 0 if self._edition is None else self._edition.included_seconds
        return self._ports.funds.included_left(self._tenant, included, self._month, besides=self._call.id)

    def _cost(self, seconds: float, included: int) -> Spent:
        if self._edition is None:
            return Spent(calls=1)
        charge = rate(self._edition, self._kind, self._when, max(0, round(seconds * 1000)), included)
        return Spent(charge.li * self._legs, charge.included_seconds * self._legs, 1)
