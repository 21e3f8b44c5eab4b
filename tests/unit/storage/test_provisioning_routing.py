"""Route plans, lists of callers and targets in provisioning files."""

from __future__ import annotations

import pytest

from domain.routing.plan import RoutePlan
from domain.routing.target import RingStrategy, TargetKind
from domain.snapshot import NumberPlan, TenantSnapshot
from storage.connection import MainDatabase, open_main_in_memory
from storage.provisioning import ProvisioningError, export_database
from storage.serving.snapshots import build
from tests.unit.storage.provision import apply

WHOLE = """\
trunks:
  carrier: {sources: [127.0.0.2], target: "127.0.0.3:5080"}
  acme-pbx: {inbound: false, target: "127.0.0.4:5060", tenant: acme}
tenants:
  acme:
    vip: {"13900009999": 王总}
    blacklist: {"1700000*": 骚扰号段, 港澳台: ""}
    groups:
      north:
        strategy: weighted
        targets:
          - {number: "13800002222", weight: 3, confirm_seconds: 10}
          - {number: "01088880000", kind: pbx, trunk: acme-pbx, channels: 30}
    numbers:
      "4001003721":
        bound:
          - {number: "13700003333", skip_busy: false, schedule: workdays 09:00-18:00}
        pin: "2580"
        routing:
          blacklist: {"024": "", "13912345678": 欠款}
          vip: {"02461234567": 老客户}
          allow: [华北, 东北, "010", unknown]
          deny: [西藏]
          hours: [mon-fri 08:00-20:00, holidays closed]
          closed: hang-up
          memory_days: 7
          rules:
            - {name: 北方, callers: [东北, 华北], when: workdays 09:00-18:00, to: "group:north"}
            - callers: ["139*"]
              classes: [mobile]
              split:
                - {to: "group:north", percent: 70}
                - {to: bound, percent: 30}
          when_busy: ["13800000001", "13800000002"]
          when_no_answer: ["01061234567"]
"""


@pytest.fixture
def database() -> MainDatabase:
    return open_main_in_memory()


def acme(database: MainDatabase) -> TenantSnapshot:
    return database.read(build).tenants[0]


def number(database: MainDatabase) -> NumberPlan:
    return acme(database).numbers[0]


def plan(database: MainDatabase) -> RoutePlan:
    routing = number(database).routing
    assert routing is not None
    return routing


def test_a_whole_route_plan_is_read(database: MainDatabase) -> None:
    """All of it, with the kinds of numbers told from the digits."""
    apply(database, WHOLE)
    routing = plan(database)
    assert [rule.name for rule in routing.rules] == ["北方", ""]
    assert [share.percent for share in routing.rules[1].split] == [70, 30]
    assert [target.kind for target in routing.when_busy] == [TargetKind.MOBILE] * 2
    assert routing.when_no_answer[0].kind is TargetKind.LANDLINE
    assert (routing.memory_days, number(database).pin) == (7.0, "2580")
    (group,) = acme(database).groups
    assert group.strategy is RingStrategy.WEIGHTED
    assert (group.targets[1].channels, group.targets[1].trunk) == (30, "acme-pbx")
    assert acme(database).vip == {"13900009999": "王总"}


def test_what_is_exported_is_applied_without_a_change(database: MainDatabase) -> None:
    """Also to an empty box."""
    apply(database, WHOLE)
    text = export_database(database)
    assert "workdays 09:00-18:00" in text
    assert apply(database, text, prune=True) == []
    other = open_main_in_memory()
    apply(other, text)
    assert acme(other) == acme(database)


def test_the_pin_is_told_to_nobody(database: MainDatabase) -> None:
    """Neither when it changes nor in an export without secrets."""
    apply(database, WHOLE)
    (change,) = apply(database, 'tenants: {acme: {numbers: {"4001003721": {pin: "369369"}}}}')
    assert "pin: ******** -> ********" in change
    assert "369369" not in export_database(database, secrets=False)


def test_a_change_is_told_field_by_field(database: MainDatabase) -> None:
    """The route plan as a whole, targets one by one."""
    apply(database, WHOLE)
    text = (
        'tenants: {acme: {groups: {north: {targets: ["13800002222"]}},'
        ' numbers: {"4001003721": {routing: {deny: ["024"]}}}}}'
    )
    changes = "\n".join(apply(database, text))
    assert "13800002222 mobile weight=3 confirm_seconds=10 -> 13800002222 mobile" in changes
    assert "01088880000 pbx trunk=acme-pbx channels=30 -> -" in changes
    assert "-> {deny: [024]}" in changes
    apply(database, 'tenants: {acme: {numbers: {"4001003721": {routing: null}}}}')
    assert number(database).routing is None


ROUTING = 'tenants: {acme: {numbers: {"4001003721": {routing: %s}}}}'
WRONG = [
    (ROUTING % '{deny: ["0413"]}', "area code 0413 was merged into 024; write 024"),
    (ROUTING % "{deny: [沈阳]}", "'沈阳' is neither a province nor a region group"),
    (ROUTING % "{deny: [liaoning]}", "'liaoning' means no callers"),
    (ROUTING % '{vip: {"024*": ""}}', "'024*' is no phone number"),
    (ROUTING % "{rules: [{callers: [东北]}]}", "needs either `to` or `split`"),
    (ROUTING % "{rules: [{split: [{to: bound, percent: 60}, {to: bound, percent: 60}]}]}", "sums to 120 %"),
    (ROUTING % "{rules: [{split: [{to: bound, percent: 33.3}]}]}", "'33.3' is no whole number from 1 to 100"),
    (ROUTING % "{rules: [{split: [{to: bound}]}]}", "each share needs `to` and `percent`"),
    (ROUTING % "{rules: [{to: group:nobody}]}", "tenant acme has no group:nobody"),
    (ROUTING % "{hours: mon-fri}", "is not DAYS HOURS"),
    (
        ROUTING % "{when_busy: ['13800000001', '13800000002', '13800000003']}",
        "has 3 forward numbers, 2 at most",
    ),
    (ROUTING % "{when_busy: ['8999']}", "what '8999' is cannot be told"),
    (ROUTING % "{when_busy: [{number: '8999', kind: extension}]}", "tenant acme has no extension '8999'"),
    (ROUTING % "none", "must be `name: value` lines"),
    ('tenants: {acme: {numbers: {"4001003721": {pin: "12a4"}}}}', "is no PIN: 4 to 12 digits"),
    ("tenants: {acme: {blacklist: {沈阳市: x}}}", "'沈阳市' is neither a province nor a region group"),
    (
        'tenants: {acme: {groups: {x: {targets: [{number: "01088880000", kind: pbx, trunk: carrier}]}}}}',
        "'01088880000' is a pbx and needs a trunk that belongs to tenant acme",
    ),
    (
        'tenants: {acme: {groups: {x: {targets: [{number: "13800002222", trunk: acme-pbx}]}}}}',
        "'13800002222' is no pbx",
    ),
    ("tenants: {rival: {outbound_trunks: [acme-pbx]}}", "'acme-pbx' leads to the PBX of tenant acme"),
    ("trunks: {acme-pbx: {tenant: nobody}}", "there is no tenant 'nobody'"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_remedy(database: MainDatabase, text: str, told: str) -> None:
    """In both languages, with line and field."""
    apply(database, WHOLE)
    with pytest.raises(ProvisioningError) as error:
        apply(database, text)
    assert told in error.value.text("en")
    assert "box.yaml:1" in error.value.text("zh")
    assert error.value.text("zh") != error.value.text("en")


def test_a_trunk_that_a_pbx_needs_stays(database: MainDatabase) -> None:
    """It cannot be removed while a target names it."""
    apply(database, WHOLE)
    with pytest.raises(ProvisioningError, match="still used by group north"):
        apply(database, "trunks: {acme-pbx: {absent: true}}")
    apply(database, "tenants: {acme: {groups: {north: {targets: ['13800002222']}}}}")
    bound = 'bound: [{number: "01088880000", kind: pbx, trunk: acme-pbx}]'
    apply(database, f'tenants: {{acme: {{numbers: {{"4001003721": {{{bound}}}}}}}}}')
    with pytest.raises(ProvisioningError, match="still used by number 4001003721"):
        apply(database, "trunks: {acme-pbx: {absent: true}}")
