"""The outbox: who is told, once; what is due; what may leave as SMS; what the operator configures."""

from __future__ import annotations

import msgspec
import pytest

from domain.customers.customer import Customer
from domain.money.amounts import EntryKind
from domain.notices.delivery import Channel, DeliveryState, expired
from domain.notices.kinds import NoticeKind
from domain.numbers.lifecycle import NumberCard, NumberState
from domain.numbers.terms import Contract
from storage.connection import MainDatabase, open_main_in_memory
from storage.models import Root
from storage.models.notices import KEPT_SECONDS
from storage.notices.intake import tell_expired, tell_follow_ups
from storage.notices.outbox import Extra, price_of, tell, why_not_by_sms
from storage.provisioning import ProvisioningError, export
from storage.provisioning.state import read_configuration
from tests.unit.storage.provision import apply

AT = 1_795_399_200.0
CONFIGURATION = """
tariffs: {std: {editions: [{message_li: 80}]}}
gateways: {sms: {url: "https://sms.example.cn/send?to={mobile}&text={text}", password: "top-secret"}}
templates: {missed-call: {sms: "{number}未接{caller}", state: approved}}
tenants:
  acme:
    name: 阿克美
    tariff: std
    credit_li: 0
    robots: {ops: {url: "https://robot.example.cn/send?key=1"}}
    notices:
      missed-call: {mobiles: "13900001111", emails: "boss@acme.cn", robots: ops}
      all: {mobiles: "13900002222"}
"""


@pytest.fixture
def database() -> MainDatabase:
    database = open_main_in_memory()
    apply(database, CONFIGURATION)
    return database


def missed(root: Root, cause: str = "missed:1", extra: Extra = Extra()) -> list[tuple[Channel, str, str]]:  # noqa: B008
    """Tell of a missed call."""
    values = {"number": "4001003721", "caller": "13800138000", "count": "1"}
    told = tell(root, NoticeKind.MISSED_CALL, "acme", cause, values, AT, extra)
    return [(each.channel, each.to, each.text) for each in told]


def test_each_recipient_is_told_once(database: MainDatabase) -> None:
    """By SMS with the approved words, by e-mail and in the group with the shipped ones; a cause only once."""
    told = database.transact(missed)
    assert [each[:2] for each in told] == [
        (Channel.SMS, "13900001111"), (Channel.EMAIL, "boss@acme.cn"), (Channel.ROBOT, "ops"),
    ]  # fmt: skip
    assert told[0][2] == "4001003721未接13800138000"
    assert told[1][2].startswith("您的4001003721有未接来电：13800138000，11-23 ")
    assert database.transact(missed) == []
    assert len(database.transact(lambda root: missed(root, "missed:2"))) == 3


def test_other_kinds_go_to_all(database: MainDatabase) -> None:
    """Who is named for every kind hears of those that have nobody of their own; boxes may name more."""

    def work(root: Root) -> list[str]:
        extra = Extra(mobiles=("13900003333", "13900002222"))
        return [each.to for each in tell(root, NoticeKind.VOICEMAIL, "acme", "m:1", {}, AT, extra)]

    assert database.transact(work) == ["13900002222", "13900003333"]
    assert database.transact(lambda root: tell(root, NoticeKind.ARREARS, "gone", "a:1", {}, AT)) == []


def test_what_is_due_comes_in_order(database: MainDatabase) -> None:
    """And is gone from there when it is done."""
    database.transact(missed)
    assert database.read(lambda root: root.notices.due_by(AT - 1, 10)) == []
    due = database.read(lambda root: root.notices.due_by(AT, 2))
    assert len(due) == 2
    database.transact(lambda root: root.notices.put(expired(due[0], AT)))
    left = database.read(lambda root: root.notices.due_by(AT, 10))
    assert due[0].id not in {each.id for each in left}
    assert len(left) == 2
    log = database.read(lambda root: list(root.notices.newest_first("acme")))
    assert {each.state for each in log} == {DeliveryState.WAITING, DeliveryState.EXPIRED}


def test_the_log_is_forgotten_after_three_months(database: MainDatabase) -> None:
    """With the causes, and nothing that waited stays due."""
    database.transact(missed)
    assert database.transact(lambda root: root.notices.tidy(AT + KEPT_SECONDS - 10)) == 0
    assert database.transact(lambda root: root.notices.tidy(AT + KEPT_SECONDS + 10)) == 3
    assert database.read(lambda root: (len(root.notices.due), len(root.notices.causes))) == (0, 0)


def test_only_approved_words_leave_as_sms(database: MainDatabase) -> None:
    """And only while the tenant can pay: a prepaid account never falls below zero for a message."""

    def why(root: Root) -> str:
        return why_not_by_sms(root, next(iter(root.notices.newest_first("acme"))))

    def recharge(root: Root) -> None:
        root.money.account("acme").post(1, "r:1", EntryKind.RECHARGE, 80)

    database.transact(lambda root: missed(root)[:1])
    sms = database.read(lambda root: [e for e in root.notices.newest_first() if e.channel == "sms"])[0]
    assert database.read(lambda root: price_of(root, sms)) == 80
    assert "余额不足" in database.read(lambda root: why_not_by_sms(root, sms))
    database.transact(recharge)
    assert database.read(lambda root: why_not_by_sms(root, sms)) == ""
    apply(database, "templates: {missed-call: {state: rejected}}")
    assert "未审核通过" in database.read(lambda root: why_not_by_sms(root, sms))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("gateways: {a: {kind: aliyun}}", "gateways.a.username"),
        ("gateways: {a: {url: 'ftp://x/y'}}", "gateways.a.url"),
        ("gateways: {a: {success: '('}}", "gateways.a.success"),
        ("templates: {missed-call: {sms: '{balance}'}}", "templates.missed-call.sms"),
        ("templates: {gossip: {}}", "templates.gossip"),
        ("tenants: {acme: {notices: {gossip: {}}}}", "tenants.acme.notices.gossip"),
        ("tenants: {acme: {notices: {all: {mobiles: '123'}}}}", "tenants.acme.notices.all.mobiles[1]"),
        ("tenants: {acme: {notices: {all: {robots: x}}}}", "tenants.acme.notices.all.robots"),
        ("tenants: {acme: {webhooks: {crm: {}}}}", "tenants.acme.webhooks.crm.url"),
        *(
            (
                f"tenants: {{acme: {{{kind}: {{crm: {{url: 'http://{host}/x'}}}}}}}}",
                f"tenants.acme.{kind}.crm.url",
            )
            for kind in ("webhooks", "robots")
            for host in ("169.254.169.254", "127.0.0.1:8080", "10.0.0.1", "[::1]", "[::ffff:169.254.0.1]")
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(database: MainDatabase, text: str, where: str) -> None:
    """The field, and what to write."""
    with pytest.raises(ProvisioningError) as refused:
        apply(database, text)
    assert where in {problem.path for problem in refused.value.problems}


def test_a_private_server_is_reached_where_the_operator_allows_its_network(database: MainDatabase) -> None:
    """The error names the address and both remedies; a public address or a name is taken as it is."""
    hook = "tenants: {acme: {webhooks: {crm: {url: 'http://10.1.2.3/x', secret: abcdefghijkl}}}}"
    with pytest.raises(ProvisioningError) as refused:
        apply(database, hook)
    (problem,) = refused.value.problems
    assert "10.1.2.3 is no public address" in problem.text("en")
    assert "10.1.2.3 不是公网地址" in problem.text("zh")
    apply(database, hook.replace("10.1.2.3", "8.8.8.8"))
    apply(database, hook.replace("10.1.2.3", "crm.example.cn"))
    apply(database, "box: {web_networks: [10.1.0.0/16]}")
    apply(database, hook)


def test_what_is_exported_can_be_applied_and_hides_secrets(database: MainDatabase) -> None:
    """Nothing changes by it; without secrets there are masks."""
    configuration = database.read(read_configuration)
    assert apply(database, export(configuration)) == []
    masked = export(configuration, secrets=False)
    assert "top-secret" not in masked
    assert "key=1" not in masked
    served = database.read(lambda root: msgspec.json.encode(root.tenants["acme"].snapshot(root.tariffs)))
    assert b"13900001111" not in served


def test_a_term_that_ended_is_told_once(database: MainDatabase) -> None:
    """Within a week after its end; what ended long ago, or has not ended, is no news."""
    ends = {"4001003721": "2026-11-20", "4001003722": "2026-11-30", "4001003723": "2026-01-01"}

    def work(root: Root) -> list[str]:
        for number, day in ends.items():
            contract = Contract(begins="2025-11-21", ends=day)
            card = NumberCard(number, "D", NumberState.ACTIVE, tenant="acme", contract=contract)
            root.inventory.put(card, None)
        for _ in range(2):
            tell_expired(root, AT)
        return [each.text for each in root.notices.newest_first("acme")]

    assert database.transact(work) == ["阿克美：号码4001003721已于2026-11-20到期。"]


def test_who_looks_after_a_customer_is_reminded_of_him_once(database: MainDatabase) -> None:
    """When the time has come, by the tenant's recipients and his own mobile; a day late it is no news."""
    apply(database, "tenants: {acme: {agents: {'8001': {target: '13900008001'}}}}")
    for name, at in (("王小姐", AT + 60), ("旧客户", AT - 90_000.0)):
        customer = Customer(f"c{at:.0f}", name, owner="8001", follow_up=at, follow_note="报价")
        database.transact(lambda root, customer=customer: root.customers.of("acme").put(customer))  # type: ignore[misc]

    def told(at: float) -> list[tuple[str, str]]:
        database.transact(lambda root: tell_follow_ups(root, at))
        found = database.read(lambda root: list(root.notices.newest_first("acme")))
        return sorted((each.to, each.text) for each in found)

    assert told(AT) == []
    assert [to for to, _ in told(AT + 61)] == ["13900002222", "13900008001"]
    assert len(told(AT + 300)) == 2
    apply(database, "tenants: {acme: {notices: {follow-up: {emails: [boss@acme.cn]}}}}")
    moved = Customer("c2", "李先生", owner="8001", follow_up=AT + 400)
    database.transact(lambda root: root.customers.of("acme").put(moved))
    (text,) = [text for to, text in told(AT + 401) if to == "boss@acme.cn"]
    assert text.startswith("客户李先生的回访时间到了（11-23 ")
    assert text.endswith("：回访。负责人：8001。")
