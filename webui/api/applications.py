"""Applications for numbers (办理): received, their papers, sent to the carrier, decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.numbers.application import Applicant, ApplicantKind, Application
from domain.refusal import NotPossible
from storage.numbers.applications import Counter, Faulty
from storage.numbers.desk import NumberDesk
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, number_400, query
from webui.api.numbers import impossible
from webui.api.problems import ApiProblem, Fault
from webui.services.applications import at_counter

Text = Annotated[str, msgspec.Meta(max_length=200)]


class ApplicationWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants the number."""

    kind: ApplicantKind
    name: Text
    licence: Text
    contact: Text
    phone: Text
    email: Text = ""
    address: Text = ""
    purpose: Text = ""
    fee_instead: bool = False


class StepWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of it."""

    step: Literal["submit", "return", "approve", "withdraw"]
    why: Text = ""


def show(caller: Caller) -> Mapping[str, Any]:
    """Return the last application for a number; 404 when there was none."""
    query(caller, NoQuery)
    number = number_400(caller)

    def read(root: Any) -> Application | None:
        card = root.inventory.card(number)
        return root.inventory.application(card.application) if card is not None and card.application else None

    found = caller.services.read(read)
    if found is None:
        raise ApiProblem(404)
    return _object(found)


def receive(caller: Caller) -> Mapping[str, Any]:
    """Receive an application."""
    query(caller, NoQuery)
    number, wish = number_400(caller), body(caller, ApplicationWish)
    fields = msgspec.structs.asdict(wish)
    fee_instead = fields.pop("fee_instead")
    applicant = Applicant(**fields)
    _require(caller, number)

    def work(counter: Counter) -> Application:
        return counter.open(number, applicant, fee_instead=fee_instead)

    entry = caller.entry("application-opened", number, "")
    try:
        return _object(at_counter(caller.services, work, entry, applicant.name))
    except Faulty as faulty:
        chinese = caller.language == "zh"
        faults = tuple(Fault(name, zh if chinese else en) for name, (en, zh) in faulty.faults.items())
        raise ApiProblem(422, errors=faults) from faulty
    except NotPossible as error:
        raise impossible(error) from error


def step(caller: Caller) -> Mapping[str, Any]:
    """Submit to the carrier, note its answer, withdraw; 409 out of order or with papers missing."""
    query(caller, NoQuery)
    number, wish = number_400(caller), body(caller, StepWish)
    _require(caller, number)

    def work(counter: Counter) -> Application:
        if wish.step == "submit":
            return counter.submit(number, wish.why)
        if wish.step == "return":
            return counter.returned(number, wish.why)
        if wish.step == "approve":
            return counter.approve(number, wish.why)
        return counter.withdraw(number, wish.why)

    try:
        return _object(
            at_counter(caller.services, work, caller.entry(f"application-{wish.step}", number, ""), wish.why)
        )
    except NotPossible as error:
        raise impossible(error) from error


def _require(caller: Caller, number: str) -> None:
    now = caller.services.now()
    if caller.services.read(lambda root: NumberDesk(root, now, "").inventory.card(number)) is None:
        raise ApiProblem(404)


def _object(application: Application) -> Mapping[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(application)
    return {"state": str(application.state), "documents": [], **found}
