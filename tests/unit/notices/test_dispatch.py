"""Sending: what goes where, what a failing way does to itself and to others, what is stored and charged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from b2bua.alarms import AlarmBoard
from b2bua.notices.desk import Desk, Work
from b2bua.notices.dispatch import Dispatch
from b2bua.notices.sending import SendFailed
from domain.customers.missed import Notice
from domain.money.amounts import EntryKind
from domain.notices.delivery import Channel, Delivery, DeliveryState
from domain.notices.kinds import NoticeKind
from storage.connection import MainDatabase, StoreDown, open_main_in_memory
from storage.models import Root
from storage.models.missed import _encode as encode_notice
from storage.notices.outbox import tell
from tests.unit.storage.provision import apply

BEGAN = 1_795_399_200.0
CONFIGURATION = """
tariffs: {std: {editions: [{message_li: 80}]}}
gateways:
  first: {url: "https://a.example.cn/{mobile}", rank: 1}
  second: {url: "https://b.example.cn/{mobile}", rank: 2}
  post: {kind: smtp, host: mail.example.cn, sender: no-reply@example.cn}
templates: {missed-call: {state: approved}, voicemail: {state: approved}}
tenants:
  acme:
    tariff: std
    robots: {ops: {url: "https://robot.example.cn/send?key=1"}}
    voicemails: {main: {notify: ["13900003333", "boss@acme.cn"]}}
    notices:
      missed-call: {mobiles: "13900001111"}
      arrears: {emails: "boss@acme.cn"}
      recharge: {emails: "boss@acme.cn"}
"""


class MemoryWays:
    """Twin of ``EveryWay``: messages wait until the test says what becomes of them."""

    def __init__(self) -> None:
        self.tries: list[tuple[str, str, str]] = []
        """Way, recipient, text."""
        self.waiting: dict[str, list[Deferred[str]]] = {}
        self.broken: set[str] = set()
        """Ways that fail at once."""
        self.hanging: set[str] = set()

    def send(self, work: Work) -> Awaitable[str]:
        assert work.message is not None
        return self._try(work.message.gateway.name, work.delivery.to, work.delivery.text)

    def say(self, work: Work, text: str) -> Awaitable[str]:
        return self._try(work.delivery.to, work.delivery.to, text)

    async def _try(self, way: str, to: str, text: str) -> str:
        self.tries.append((way, to, text))
        if way in self.broken:
            raise SendFailed("connection refused", again=True)
        if way in self.hanging:
            waiting: Deferred[str] = Deferred()
            self.waiting.setdefault(way, []).append(waiting)
            return await waiting
        return "id-1"


class Office:
    """A dispatch on an in-memory store with a clock of its own."""

    def __init__(self, database: MainDatabase) -> None:
        self.database = database
        self.clock = Clock()
        self.ways = MemoryWays()
        self.board = AlarmBoard(self.utc, lambda content: None)
        self.down = False
        self.dispatch = Dispatch(
            self.clock, self.utc, self._run, Desk(database), self.ways, self.board
        )  # fmt: skip

    def utc(self) -> float:
        return BEGAN + self.clock.seconds()

    def _run(self, work: Callable[[], Any]) -> Deferred[Any]:
        def unless_down() -> Any:
            if self.down:
                raise StoreDown("gone")
            return work()

        return execute(unless_down)

    def tell(self, cause: str, kind: NoticeKind = NoticeKind.MISSED_CALL, **values: str) -> list[Delivery]:
        return self.database.transact(lambda root: tell(root, kind, "acme", cause, values, self.utc()))

    def pass_seconds(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)

    def log(self) -> list[Delivery]:
        return self.database.read(lambda root: list(root.notices.newest_first()))

    def alarms(self) -> list[str]:
        return [alarm.key for alarm in self.board.up()]

    def requests(self) -> list[tuple[str, int]]:
        return self.database.read(
            lambda root: [(cause, each.value.li) for cause, each in root.money.requests.items()]
        )


@pytest.fixture
def office() -> Iterator[Office]:
    database = open_main_in_memory()
    apply(database, CONFIGURATION)
    office = Office(database)
    office.dispatch.start()
    yield office
    stopped = Deferred.fromCoroutine(office.dispatch.stop())
    assert stopped.called
    assert office.clock.getDelayedCalls() == []


def test_a_missed_call_is_told_within_a_second_and_charged_once(office: Office) -> None:
    """From the ledger's outbox to the mobile; the charge is a request that the ledger applies."""

    def note(root: Root) -> None:
        notice = Notice("missed:1", "acme", "1", "4001003721", "13800138000", office.utc(), "no-answer")
        root.missed.outbox[notice.key] = encode_notice(notice)

    office.database.transact(note)
    office.pass_seconds(1.0)
    assert [each[:2] for each in office.ways.tries] == [("first", "13900001111")]
    assert "13800138000" in office.ways.tries[0][2]
    (delivery,) = office.log()
    assert (delivery.state, delivery.by, delivery.note) == (DeliveryState.SENT, "first", "id-1")
    assert office.requests() == [(f"sms:{delivery.id}", -80)]
    office.database.transact(lambda root: root.money.apply_requests())
    office.pass_seconds(60)
    assert len(office.ways.tries) == 1
    assert office.database.read(lambda root: root.money.account("acme").balance_li) == -80


def test_a_gateway_that_fails_gives_way_to_the_next(office: Office) -> None:
    """After five seconds the other one is tried; later ones go there at once, and somebody is told."""
    office.ways.broken.add("first")
    for number in range(3):
        office.tell(f"missed:{number}")
    office.pass_seconds(0.5)
    assert office.alarms() == ["notices:gateway:first"]
    office.pass_seconds(6)
    assert {each.by for each in office.log()} == {"second"}
    assert {each.state for each in office.log()} == {DeliveryState.SENT}
    office.ways.tries.clear()
    office.tell("missed:9")
    office.pass_seconds(1)
    assert [way for way, _, _ in office.ways.tries] == ["second"]


def test_a_gateway_that_hangs_blocks_nobody_else(office: Office) -> None:
    """Only so many wait for it at a time; mail goes on meanwhile."""
    office.ways.hanging.update(("first", "second"))
    for number in range(60):
        office.tell(f"missed:{number}")
    office.tell("a:1", NoticeKind.ARREARS, balance="-1.00")
    office.pass_seconds(2)
    ways = [way for way, _, _ in office.ways.tries]
    assert ways.count("post") == 1
    assert ways.count("first") == 8
    assert office.dispatch.waiting == 8


def test_a_gateway_that_is_back_clears_its_alarm(office: Office) -> None:
    """It is probed by one message at a time."""
    apply(office.database, "gateways: {second: {enabled: false}}")
    office.ways.broken.add("first")
    for number in range(5):
        office.tell(f"missed:{number}")
    office.pass_seconds(2)
    assert office.alarms() == ["notices:gateway:first"]
    office.ways.broken.clear()
    office.pass_seconds(70)
    assert office.alarms() == []
    assert [each.state for each in office.log()] == [DeliveryState.SENT] * 5


def test_a_store_that_is_down_sends_nothing_twice(office: Office) -> None:
    """What was sent is remembered until it can be stored; what is due waits."""
    office.ways.hanging.add("first")
    office.tell("missed:1")
    office.pass_seconds(0.5)
    office.down = True
    office.ways.waiting["first"][0].callback("id-9")
    office.pass_seconds(30)
    assert office.alarms() == ["notices:store"]
    office.down = False
    office.pass_seconds(5)
    assert office.alarms() == []
    assert [(each.state, each.note) for each in office.log()] == [(DeliveryState.SENT, "id-9")]
    assert len(office.ways.tries) == 1


def test_a_robot_says_in_one_message_what_had_to_wait(office: Office) -> None:
    """20 a minute one by one; the rest together as soon as it may speak again."""
    apply(office.database, "tenants: {acme: {notices: {all: {robots: ops}}}}")
    for number in range(50):
        office.tell(f"v:{number}", NoticeKind.VOICEMAIL, caller=f"139000{number:05}")
    office.pass_seconds(30)
    assert len(office.ways.tries) == 20
    office.pass_seconds(40)
    assert len(office.ways.tries) == 21
    assert office.ways.tries[-1][2].startswith("共 30 条通知：")
    assert {each.state for each in office.log()} == {DeliveryState.SENT}
    assert max(each.merged for each in office.log()) == 29


def test_a_gateway_that_was_repaired_is_tried_at_once(office: Office) -> None:
    """Its new settings make a new beginning; nobody waits for the end of its rest."""
    apply(office.database, "gateways: {second: {enabled: false}}")
    office.ways.broken.add("first")
    for number in range(6):
        office.tell(f"missed:{number}")
    office.pass_seconds(20)
    assert office.alarms() == ["notices:gateway:first"]
    office.ways.broken.clear()
    tries = len(office.ways.tries)
    apply(office.database, "gateways: {first: {password: right}}")
    office.tell("missed:9")
    office.pass_seconds(1)
    assert len(office.ways.tries) == tries + 1
    assert office.alarms() == []


def test_a_balance_that_lasts_a_week_is_told_once(office: Office) -> None:
    """With the days that it lasts; again after a recharge and a new low."""
    apply(
        office.database,
        "tariffs: {std: {editions: [{monthly_li: 30000}]}}\n"
        "tenants: {acme: {credit_li: 0, notices: {low-balance: {emails: boss@acme.cn}}}}",
    )

    def post(cause: str, kind: EntryKind, li: int) -> list[str]:
        office.database.transact(lambda root: root.money.account("acme").post(1, cause, kind, li))
        office.clock.advance(600.0)
        office.pass_seconds(1)
        return [text for _, _, text in office.ways.tries if "约可使用" in text]

    office.clock.advance(2 * 86400.0)  # the fee is due in six days
    assert post("r:1", EntryKind.RECHARGE, 50_000) == []
    first = post("f:1", EntryKind.MONTHLY_FEE, -40_000)
    assert first == ["acme：余额10.00元，约可使用6天，请及时充值。"]
    assert post("f:2", EntryKind.MONTHLY_FEE, -1_000) == first
    assert post("r:2", EntryKind.RECHARGE, 50_000) == first
    assert post("f:3", EntryKind.MONTHLY_FEE, -50_000)[1:] == ["acme：余额9.00元，约可使用6天，请及时充值。"]


def test_words_that_are_not_approved_stay_here(office: Office) -> None:
    """The log says why, an alarm tells the operator; trying anew sends it after the approval."""
    apply(office.database, "templates: {missed-call: {state: submitted}}")
    office.tell("missed:1")
    office.pass_seconds(1)
    (delivery,) = office.log()
    assert delivery.state is DeliveryState.FAILED
    assert "未审核通过" in delivery.note
    assert office.alarms() == ["notices:setup"]
    assert office.ways.tries == []


def test_messages_go_to_whom_their_box_names_too(office: Office) -> None:
    """Voicemail: those whom the voicemail box names, by SMS and e-mail."""

    def note(root: Root) -> None:
        notice = Notice("message:1", "acme", "1", "4001003721", "138", office.utc(), "announced", "main")
        root.missed.outbox[notice.key] = encode_notice(notice)

    office.database.transact(note)
    office.pass_seconds(1)
    assert {(way, to) for way, to, _ in office.ways.tries} == {
        ("first", "13900003333"), ("post", "boss@acme.cn"),
    }  # fmt: skip


def test_recharges_of_long_ago_are_no_news(office: Office) -> None:
    """A box that is upgraded with years of entries tells nobody of them."""
    office.database.transact(lambda root: root.money.account("acme").post(1, "r:0", EntryKind.RECHARGE, 7000))
    office.pass_seconds(4)
    assert office.ways.tries == []


def test_the_signature_counts_as_text(office: Office) -> None:
    """69 characters and the signature are two SMS, and charged as two."""
    apply(
        office.database,
        "gateways: {first: {sign: 示例公司}}\n"
        f"templates: {{missed-call: {{sms: '{'长' * 69}', state: approved}}}}",
    )
    office.tell("missed:1")
    office.pass_seconds(1)
    (delivery,) = office.log()
    assert (delivery.segments, delivery.li) == (2, 160)
    assert office.requests() == [(f"sms:{delivery.id}", -160)]


def test_recharges_and_arrears_are_told_once(office: Office) -> None:
    """Each recharge; arrears when the balance is used up, and again only after it was positive."""

    def post(cause: str, kind: EntryKind, li: int) -> None:
        at = int(office.utc() * 1000)
        office.database.transact(lambda root: root.money.account("acme").post(at, cause, kind, li))
        office.pass_seconds(4)

    apply(office.database, "tenants: {acme: {credit_li: 0}}")
    post("r:1", EntryKind.RECHARGE, 5000)
    post("fee:1", EntryKind.MONTHLY_FEE, -5000)
    post("fee:2", EntryKind.MONTHLY_FEE, -1000)
    post("r:2", EntryKind.RECHARGE, 9000)
    post("fee:3", EntryKind.MONTHLY_FEE, -8000)
    assert [text for _, _, text in office.ways.tries] == [
        "acme：已充值5.00元，当前余额5.00元。",
        "acme：余额0.00元，已欠费，来电将无法接通，请尽快充值。",
        "acme：已充值9.00元，当前余额8.00元。",
        "acme：余额0.00元，已欠费，来电将无法接通，请尽快充值。",
    ]
    assert office.requests() == []
    assert {each.channel for each in office.log()} == {Channel.EMAIL}
