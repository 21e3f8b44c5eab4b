"""Property tests: nothing but design.md's list is ever dialled, and every plan ends within its limits."""

from __future__ import annotations

from random import Random

import pytest

from b2bua.calls.authorise import (
    Authorised,
    NotAllowed,
    Payer,
    authorise,
    authorise_call_back,
    authorise_colleague,
)
from b2bua.calls.ports import CallPorts
from domain.customers.contact import Contact, can_be_called_back
from domain.days.schedule import ALWAYS, Schedule
from domain.routing.destination import Destination, DestinationKind
from domain.routing.plan import MOST_FORWARDS, RoutePlan, Rule, Share
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup, TargetKind
from domain.snapshot import (
    BoxSnapshot,
    ExtensionSnapshot,
    NumberPlan,
    TenantSnapshot,
    TenantState,
    TrunkSnapshot,
)
from storage.journal.events import Ended, LegDialled, Step
from tests.twins.stage import CALLER, Stage, sdp

CASES = 100_000
PER_WORLD = 250
NUMBERS = ("4001003721", "4001003722", "4001003723")
PHONES = tuple(f"1380000{digit:04}" for digit in range(12))
EXTENSIONS = ("8001", "8002", "9001")
STRANGE = (
    "13912345678",
    "00447700900123",
    "",
    "110",
    "4001003721",
    "8001 ",
    "sip:8001",
    "*",
    "１３８00000001",
    CALLER,
)
ANNOUNCED = "0" * 64


class World:
    """Two tenants with numbers, groups, forwards, extensions and a trunk of a PBX, all by chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        tenants = [self.tenant("acme", NUMBERS[:2]), self.tenant("rival", NUMBERS[2:])]
        box = BoxSnapshot(
            trunks=(TrunkSnapshot(name="carrier-a"), TrunkSnapshot(name="pbx", tenant="acme")),
            extensions=tuple(
                ExtensionSnapshot(name=name, tenant="acme" if name[0] == "8" else "rival", secret="s")
                for name in EXTENSIONS
            ),
            tenant_rings_per_second=None,
            number_rings_per_minute=None,
            max_calls=1000,
        )
        plan = tenants[0].numbers[0]
        self.stage = Stage(plan, tenant=tenants[0], box=box)
        self.stage.directory.tenants.append(tenants[1])
        self.tenants = {tenant.id: tenant for tenant in tenants}

    @property
    def ports(self) -> CallPorts:
        return self.stage.switchboard.ports

    def tenant(self, name: str, numbers: tuple[str, ...]) -> TenantSnapshot:
        state = self.chance.choice([TenantState.ACTIVE] * 9 + [TenantState.SUSPENDED])
        groups = tuple(
            TargetGroup(
                group,
                self.targets(4),
                self.chance.choice(list(RingStrategy)),
                self.chance.choice([5.0, 25.0]),
                self.destination(numbers) if self.chance.random() < 0.5 else None,
            )
            for group in ("a", "b")
        )
        plans = tuple(self.plan(number, numbers) for number in numbers)
        return TenantSnapshot(id=name, name=name, state=state, numbers=plans, groups=groups)

    def plan(self, number: str, numbers: tuple[str, ...]) -> NumberPlan:
        chance = self.chance
        return NumberPlan(
            number=number,
            bound=self.targets(3),
            strategy=chance.choice(list(RingStrategy)),
            no_answer_seconds=chance.choice([5.0, 25.0]),
            active=chance.random() < 0.95,
            entry=self.destination(numbers) if chance.random() < 0.4 else None,
            otherwise=self.destination(numbers) if chance.random() < 0.6 else None,
            routing=self.routing(numbers) if chance.random() < 0.8 else None,
        )

    def routing(self, numbers: tuple[str, ...]) -> RoutePlan:
        chance = self.chance
        return RoutePlan(
            blacklist={CALLER: ""} if chance.random() < 0.05 else {},
            deny=("新疆",) if chance.random() < 0.05 else (),
            hours=Schedule() if chance.random() < 0.05 else None,
            rules=tuple(self.rule(numbers) for _ in range(chance.randrange(4))),
            memory_days=chance.choice([0.0, 7.0]),
            when_busy=self.targets(2),
            when_no_answer=self.targets(2),
        )

    def rule(self, numbers: tuple[str, ...]) -> Rule:
        callers = self.chance.choice([(), ("西北",), ("024",), (CALLER,)])
        when = self.chance.choice([None, ALWAYS])
        if self.chance.random() < 0.5:
            return Rule(callers=callers, when=when, to=self.destination(numbers))
        first = self.chance.randrange(1, 100)
        split = (Share(self.destination(numbers), first), Share(self.destination(numbers), 100 - first))
        return Rule(callers=callers, when=when, split=split)

    def destination(self, numbers: tuple[str, ...]) -> Destination:
        kind = self.chance.choice(
            ["bound", "group:a", "group:b", "number", "extension", "hang-up", "announcement"]
        )
        if kind == "number":
            kind = f"number:{self.chance.choice((*numbers, '4009999999'))}"
        elif kind == "extension":
            kind = f"extension:{self.chance.choice(EXTENSIONS)}"
        elif kind == "announcement":
            kind = f"announcement:{ANNOUNCED}"
        return Destination.parse(kind)

    def targets(self, most: int) -> tuple[BoundNumber, ...]:
        chance = self.chance
        found = []
        for number in chance.sample((*PHONES, *EXTENSIONS), chance.randrange(most + 1)):
            kind = TargetKind.EXTENSION if number in EXTENSIONS else TargetKind.MOBILE
            if kind is TargetKind.MOBILE and chance.random() < 0.1:
                kind = TargetKind.PBX
            found.append(
                BoundNumber(
                    number,
                    kind,
                    enabled=chance.random() < 0.85,
                    schedule=chance.choice([None, None, None, Schedule()]),
                    weight=chance.randrange(4),
                    confirm_seconds=chance.choice([0, 0, 5]),
                    trunk="pbx" if kind is TargetKind.PBX else "",
                    channels=chance.randrange(1, 3),
                )
            )
        return tuple(found)

    # -- what the contract says, written down once more ------------------------------------------------

    def registered(self, tenant: TenantSnapshot, plans: tuple[NumberPlan, ...]) -> list[BoundNumber]:
        """Return who may be rung at all for calls to these numbers."""
        found = [target for group in tenant.groups for target in group.targets]
        for plan in plans:
            found += plan.bound
            if plan.routing is not None:
                found += [*plan.routing.when_busy, *plan.routing.when_no_answer]
        found += [
            BoundNumber(name, TargetKind.EXTENSION)
            for name in EXTENSIONS
            if (name[0] == "8") is (tenant.id == "acme")
        ]
        return [target for target in found if target.enabled]

    def colleagues(self, payer: Payer) -> set[str]:
        """Return whom an agent may transfer to: what his number rings, and what is bound to the others."""
        tenant = self.tenants.get(payer.tenant)
        mine = [plan for plan in tenant.numbers if plan.number == payer.number] if tenant else []
        if tenant is None or not mine or tenant.state is not TenantState.ACTIVE:
            return set()
        bound = [target for plan in tenant.numbers for target in plan.bound if target.enabled]
        return {target.number for target in (*self.registered(tenant, tuple(mine)), *bound)}

    def numbers_allowed(self, payer: Payer) -> set[str]:
        tenant = self.tenants.get(payer.tenant)
        plan = (
            next((each for each in tenant.numbers if each.number == payer.number), None) if tenant else None
        )
        if tenant is None or plan is None or tenant.state is not TenantState.ACTIVE or not plan.active:
            return set()
        return {target.number for target in self.registered(tenant, (plan,))}


def ask(world: World, way: str, destination: str, payer: Payer) -> tuple[bool, Authorised | None]:
    """Return whether the contract allows it, and what ``authorise`` gives."""
    allowed = world.numbers_allowed(payer)
    legal = destination in allowed
    try:
        if way == "number":
            return legal, authorise(world.ports, destination, payer)
        if way == "target":
            return legal, authorise(world.ports, BoundNumber(destination, weight=7), payer)
        if way == "colleague":
            legal = destination in world.colleagues(payer)
            return legal, authorise_colleague(world.ports, destination, payer)
        owner = world.chance.choice(["acme", "rival"])
        contact = Contact("call", owner, world.chance.choice(NUMBERS), destination)
        mine = (contact.tenant, contact.number) == (payer.tenant, payer.number)
        legal = bool(allowed or _in_service(world, payer)) and mine and can_be_called_back(destination)
        return legal, authorise_call_back(world.ports, contact, payer)
    except NotAllowed:
        return legal, None


def _in_service(world: World, payer: Payer) -> bool:
    tenant = world.tenants.get(payer.tenant)
    return (
        tenant is not None
        and tenant.state is TenantState.ACTIVE
        and any(plan.number == payer.number and plan.active for plan in tenant.numbers)
    )


def test_a_hundred_thousand_ways_in_destinations_and_payers() -> None:
    """Way in x destination x payer: exactly what is registered with the payer is allowed, nothing else."""
    chance = Random(20261122)
    allowed = 0
    for case in range(CASES):
        if case % PER_WORLD == 0:
            world = World(chance)
        way = chance.choice(["number", "target", "colleague", "call-back"])
        destination = chance.choice(
            [chance.choice(PHONES), chance.choice(EXTENSIONS), chance.choice(STRANGE)]
        )
        payer = Payer(chance.choice(["acme", "rival", "nobody"]), chance.choice((*NUMBERS, "4000000000")))
        legal, given = ask(world, way, destination, payer)
        assert (given is not None) is legal, (case, way, destination, payer)
        if given is not None:
            allowed += 1
            assert given.target.number == destination
            own = {trunk for route in given.routes for trunk in route.trunks}
            assert ("pbx" in own) <= (given.target.kind is TargetKind.PBX and payer.tenant == "acme")
    assert CASES / 50 < allowed < CASES / 2


@pytest.mark.parametrize("calls", [400, pytest.param(10_000, marks=pytest.mark.long)])
def test_every_plan_ends_within_its_limits_and_dials_nobody_else(calls: int) -> None:
    """Calls through plans made by chance, to phones that do what they like."""
    chance = Random(calls)
    dialled_ever = 0
    for _ in range(calls):
        world = World(chance)
        stage = world.stage
        caller = stage.call(chance.choice(NUMBERS))
        answered = False
        for _ in range(400):
            if not stage.switchboard.calls:
                break
            ringing = [leg for leg in stage.dialler.legs if not leg.over and not leg.up]
            if ringing and chance.random() < 0.5:
                leg = chance.choice(ringing)
                what = chance.randrange(5)
                if what == 0:
                    leg.peer_answers(sdp(host="127.0.0.3"))
                elif what < 4:
                    leg.peer_refuses(chance.choice([486, 480, 603, 503]))
            talking = [leg for leg in stage.dialler.legs if leg.up]
            answered = answered or bool(talking)
            if talking and chance.random() < 0.3:
                chance.choice(talking).peer_hangs_up()
            if answered and chance.random() < 0.1 and not caller.over and caller.up:
                caller.peer_hangs_up()
            stage.clock.advance(chance.choice([0.5, 3.0, 30.0]))
        assert not stage.switchboard.calls, "it never ends"
        assert len(stage.journal.of(Ended)) == 1
        steps = [step.name for step in stage.journal.of(Step)]
        assert steps.count("forward") <= MOST_FORWARDS
        assert steps.count("to") <= 20
        tenant = next(
            tenant
            for tenant in world.tenants.values()
            for plan in tenant.numbers
            if plan.number == caller.invitation.called
        )
        known = {target.number for target in world.registered(tenant, tenant.numbers)}
        dialled = {line.target for line in stage.journal.of(LegDialled)}
        assert dialled <= known
        dialled_ever += len(dialled)
        for use in (
            world.ports.live.use(number) for number in (*PHONES, *(f"acme/{name}" for name in EXTENSIONS))
        ):
            assert use[2:] == (0, 0)
    assert dialled_ever > calls / 4


def test_destinations_are_of_every_kind_that_a_plan_may_name() -> None:
    """So that the property above is about all of them that need nothing else."""
    chance = Random(1)
    world = World(chance)
    kinds = {world.destination(NUMBERS).kind for _ in range(500)}
    elsewhere = {DestinationKind.FLOW, DestinationKind.QUEUE, DestinationKind.VOICEMAIL}
    assert kinds == set(DestinationKind) - elsewhere
