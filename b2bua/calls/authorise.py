"""Who may be dialled: the one way from a call to the dialler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TypeVar

import msgspec

from b2bua.calls.ports import CallPorts, Dialling, Directory, OnDialled, OutboundLeg
from b2bua.calls.rates import Limit
from b2bua.sdp import SessionDescription
from domain.customers.contact import Contact, can_be_called_back
from domain.refusal import NotPossible
from domain.snapshot import (
    BoundNumber,
    ExtensionSnapshot,
    NumberPlan,
    TargetKind,
    TenantSnapshot,
    TenantState,
    TrunkSnapshot,
)

T = TypeVar("T")


class Payer(msgspec.Struct, frozen=True):
    """Who pays for a leg: a tenant, for calls to one of his numbers."""

    tenant: str
    number: str


class NotAllowed(NotPossible):
    """A destination that this payer may not ring."""


class TooOften(NotAllowed):
    """A destination that he may ring, but not so often; ``limit`` says which limit it is over."""

    def __init__(self, limit: Limit, whose: str) -> None:
        super().__init__(f"{limit} {whose}", f"近期振铃次数过多：{whose}")
        self.limit = limit


class Route(msgspec.Struct, frozen=True):
    """One way out: trunks that share a listener, in order of preference, or an extension's listener."""

    listener: str
    trunks: tuple[str, ...]
    codecs: tuple[str, ...]
    srtp: bool
    plays_early_media: bool


class Authorised:
    """Leave to ring one target at one payer's expense; only this module makes it."""

    __slots__ = ("_ports", "_shows", "is_own", "payer", "routes", "target")

    def __init__(
        self,
        ports: CallPorts,
        target: BoundNumber,
        payer: Payer,
        routes: tuple[Route, ...],
        shows: str | None = None,
        is_own: bool = True,
    ) -> None:
        """``shows``: the number shown to the target where its trunk allows; None: the caller's.

        ``is_own``: it is a registered target of the payer, whose use is counted.
        """
        self.target = target
        self.payer = payer
        self.routes = routes
        """Ways out in order of preference; empty when no trunk takes calls out."""
        self.is_own = is_own
        self._ports = ports
        self._shows = shows

    @property
    def is_extension(self) -> bool:
        """Whether the target is a SIP phone of the tenant rather than a telephone number."""
        return self.target.kind is TargetKind.EXTENSION

    @property
    def line(self) -> str:
        """By what name the use of the phone is counted; empty for who is no target of the payer."""
        return self.target.line(self.payer.tenant) if self.is_own else ""

    def dial(
        self,
        route: Route,
        call: str,
        leg: str,
        caller: str,
        anonymous: bool,
        offer: Callable[[str], SessionDescription],
        on_dialled: OnDialled,
        max_forwards: int,
    ) -> OutboundLeg:
        """Ring the target by one of its routes."""
        dialling = Dialling(
            call=call,
            leg=leg,
            tenant=self.payer.tenant,
            tenant_number=self.payer.number,
            target=self.target.number,
            is_extension=self.is_extension,
            caller=caller if self._shows is None else self._shows,
            anonymous=anonymous and self._shows is None,
            trunks=route.trunks,
            max_forwards=max_forwards,
        )
        dialled = self._ports.dialler.dial(dialling, offer, on_dialled)
        over = self._ports.floor.leg_began(self.payer.tenant, self.target.number)
        if over is not None:
            dialled.answered.addErrback(_tell, over)
            dialled.ended.addCallback(_tell, over)
        return dialled


def _tell(result: T, over: Callable[[], None]) -> T:
    """Tell that a leg is over, and pass on how."""
    over()
    return result


def authorise(
    ports: CallPorts, destination: str | BoundNumber, payer: Payer, *, shows: str | None = None
) -> Authorised:
    """Allow or refuse one leg, to the registered target of a number; of several to the one that is meant.

    Only registered targets of the payer, switched on, may be rung: numbers bound to the 400 number, its
    forward numbers, members of the tenant's groups, the tenant's own extensions. Nothing a caller dials or
    sends can become another destination. Each leg counts against the limits of its tenant and its
    destination (``calls.rates``). ``shows``: as of :class:`Authorised`. Raises :class:`NotAllowed`, and
    :class:`TooOften` of its kinds.
    """
    tenant, plan = _paying(ports, payer)
    target = _registered(ports.directory, tenant, plan, destination)
    _count(ports, tenant, target)
    return Authorised(ports, target, payer, _routes(ports.directory, tenant, target), shows)


def _registered(
    directory: Directory, tenant: TenantSnapshot, plan: NumberPlan, wanted: str | BoundNumber
) -> BoundNumber:
    """Return the target that is wanted itself, else the first one of its number; raises NotAllowed."""
    number = wanted if isinstance(wanted, str) else wanted.number
    first = None
    for target in registered_targets(directory, tenant, plan):
        if target.number == number and target.enabled:
            if target == wanted or isinstance(wanted, str):
                return target
            first = first or target
    if first is None:
        raise NotAllowed(f"{number} is no target of {plan.number}", f"{number} 不是 {plan.number} 的接听号码")
    return first


def authorise_call_back(ports: CallPorts, contact: Contact, payer: Payer) -> Authorised:
    """Allow or refuse the customer's leg of a call-back.

    The one number that may be rung is that of the contact's own caller, for the tenant he called and showing
    the number he called. Counts and raises as :func:`authorise` does.
    """
    tenant, _ = _paying(ports, payer)
    if (contact.tenant, contact.number) != (payer.tenant, payer.number):
        raise NotAllowed(
            f"{contact.id} is no contact of {payer.tenant} at {payer.number}",
            f"{contact.id} 不是 {payer.tenant} 在 {payer.number} 的联系记录",
        )
    if not can_be_called_back(contact.caller):
        raise NotAllowed(
            f"{contact.caller or 'a withheld number'} cannot be called back",
            f"{contact.caller or '隐藏号码'} 无法回拨",
        )
    target = BoundNumber(number=contact.caller)
    _count(ports, tenant, target)
    routes = _routes(ports.directory, tenant, target)
    return Authorised(ports, target, payer, routes, payer.number, is_own=False)


def authorise_test(ports: CallPorts, name: str, to: str, shows: str) -> Authorised:
    """Allow or refuse an operator's test call through one trunk, paid by nobody; the edge has noted who asks.

    Numbers within China only, as for call-backs. ``shows``: the 400 number shown. Counts and raises as
    :func:`authorise` does, the box being the tenant.
    """
    trunk = ports.directory.trunk(name)
    if trunk is None or not trunk.enabled or not trunk.outbound:
        raise NotAllowed(f"no call leaves by {name}", f"线路 {name} 不能呼出")
    if not can_be_called_back(to):
        raise NotAllowed(f"{to!r} is no number within China", f"{to!r} 不是国内号码")
    box = ports.directory.box
    over = ports.rates.take(
        "", box.tenant_rings_per_second, to, box.number_rings_per_minute, ports.clock.mono()
    )
    if over is not None:
        raise TooOften(over, to)
    payer = Payer(tenant="", number=shows)
    return Authorised(ports, BoundNumber(number=to), payer, (_to_trunks([trunk]),), shows, is_own=False)


def _paying(ports: CallPorts, payer: Payer) -> tuple[TenantSnapshot, NumberPlan]:
    """Return who pays; raises NotAllowed when there is no such number of his, or nothing is connected."""
    found = ports.directory.find(payer.number)
    if found is None or found[0].id != payer.tenant:
        raise NotAllowed(
            f"{payer.number} is no number of {payer.tenant}", f"{payer.number} 不是 {payer.tenant} 的号码"
        )
    tenant, plan = found
    if tenant.state is not TenantState.ACTIVE or not plan.active or plan.number in tenant.halted:
        raise NotAllowed(f"{payer.number} is suspended", f"{payer.number} 已停用")
    return tenant, plan


def registered_targets(
    directory: Directory, tenant: TenantSnapshot, plan: NumberPlan
) -> Iterator[BoundNumber]:
    """Return every target that calls to a number may ring, the likeliest first."""
    yield from plan.bound
    if plan.routing is not None:
        yield from plan.routing.when_busy
        yield from plan.routing.when_no_answer
    for group in tenant.groups:
        yield from group.targets
    for extension in directory.box.extensions:
        if extension.tenant == tenant.id:
            yield BoundNumber(number=extension.name, kind=TargetKind.EXTENSION)
    for agent in tenant.agents:
        yield BoundNumber(number=agent.target, job_number=agent.name)


def _count(ports: CallPorts, tenant: TenantSnapshot, target: BoundNumber) -> None:
    """Count one leg; raises TooOften."""
    box = ports.directory.box
    per_second = tenant.rings_per_second or box.tenant_rings_per_second
    whose = f"{tenant.id}/{target.number}" if target.kind is TargetKind.EXTENSION else target.number
    over = ports.rates.take(tenant.id, per_second, whose, box.number_rings_per_minute, ports.clock.mono())
    if over is not None:
        raise TooOften(over, tenant.id if over is Limit.TENANT else whose)


def authorise_colleague(ports: CallPorts, wanted: str, payer: Payer) -> Authorised:
    """Allow or refuse to ring a colleague of whoever talks; raises as find_colleague, and TooOften."""
    target = find_colleague(ports, wanted, payer)
    found = ports.directory.find(payer.number)
    assert found is not None
    _count(ports, found[0], target)
    return Authorised(ports, target, payer, _routes(ports.directory, found[0], target))


def find_colleague(ports: CallPorts, wanted: str, payer: Payer) -> BoundNumber:
    """Find who is meant by what an agent keyed or his phone wrote.

    An extension's name, a number bound to any 400 number of the tenant, or a job number (工号); nobody else.
    Raises :class:`NotAllowed`.
    """
    found = ports.directory.find(payer.number)
    if found is None or found[0].id != payer.tenant:
        raise NotAllowed(
            f"{payer.number} is no number of {payer.tenant}", f"{payer.number} 不是 {payer.tenant} 的号码"
        )
    tenant, plan = found
    if tenant.state is not TenantState.ACTIVE:
        raise NotAllowed(f"{tenant.id} is suspended", f"{tenant.id} 已停用")
    known = [*registered_targets(ports.directory, tenant, plan)]
    known += [target for other in tenant.numbers if other is not plan for target in other.bound]
    colleagues = [target for target in known if target.enabled]
    for target in colleagues:
        if target.number == wanted:
            return target
    for target in colleagues:
        if wanted and target.job_number == wanted:
            return target
    raise NotAllowed(
        f"{wanted!r} is nobody of {payer.tenant}", f"“{wanted}”不是 {payer.tenant} 的分机、工号或绑定号码"
    )


def _routes(directory: Directory, tenant: TenantSnapshot, target: BoundNumber) -> tuple[Route, ...]:
    if target.kind is TargetKind.EXTENSION:
        return tuple(
            _to_extension(extension)
            for extension in directory.box.extensions
            if extension.name == target.number and extension.tenant == tenant.id
        )
    usable = [trunk for trunk in _trunks(directory, tenant, target) if trunk.enabled and trunk.outbound]
    return tuple(_to_trunks(list(group)) for _, group in groupby(usable, key=_kinship))


def _trunks(directory: Directory, tenant: TenantSnapshot, target: BoundNumber) -> list[TrunkSnapshot]:
    """Return the trunks that may lead to a target: a PBX's own one, else those of the tenant's carriers."""
    if target.kind is TargetKind.PBX:
        trunk = directory.trunk(target.trunk)
        return [trunk] if trunk is not None and trunk.tenant == tenant.id else []
    if tenant.outbound_trunks:
        named = [directory.trunk(name) for name in tenant.outbound_trunks]
        return [trunk for trunk in named if trunk is not None and trunk.tenant in ("", tenant.id)]
    return [trunk for trunk in directory.box.trunks if not trunk.tenant]


def _kinship(trunk: TrunkSnapshot) -> tuple[str, tuple[str, ...], bool, bool]:
    """Trunks that differ in none of these can share one media port and one offer."""
    return trunk.listener, trunk.codecs, trunk.srtp, trunk.play_early_media


def _to_trunks(trunks: list[TrunkSnapshot]) -> Route:
    first = trunks[0]
    return Route(
        listener=first.listener,
        trunks=tuple(trunk.name for trunk in trunks),
        codecs=first.codecs,
        srtp=first.srtp,
        plays_early_media=first.play_early_media,
    )


def _to_extension(extension: ExtensionSnapshot) -> Route:
    return Route(
        listener=extension.listener,
        trunks=(),
        codecs=extension.codecs,
        srtp=extension.srtp,
        plays_early_media=False,
    )
