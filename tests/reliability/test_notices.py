"""Notices under kill -9, and beside a gateway that hangs: everything arrives, everything is charged once."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from b2bua.notices.status import read_status
from domain.notices.delivery import DeliveryState
from domain.notices.kinds import NoticeKind
from storage.connection import MainDatabase, open_main
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.notices.outbox import tell
from storage.serving.snapshots import publish
from tests.product.gateway import WebGateway
from tests.unit.storage.provision import apply
from tests.unit.storage.running import eventually, running, short_data_directory, wait_for_store

NOTICES = 60
KILLS = 4
_HOST = f"127.{230 + os.getpid() % 10}.{os.getpid() // 10 % 250}.1"
CONFIGURATION = f"""
box: {{web_networks: ["{_HOST}/32"]}}
tariffs: {{std: {{editions: [{{message_li: 80}}]}}}}
gateways: {{sms: {{url: "GATEWAY/send?to={{mobile}}&id={{id}}", seconds: 2, per_second: 20}}}}
templates: {{missed-call: {{state: approved}}}}
tenants:
  acme:
    tariff: std
    robots: {{ops: {{url: "ROBOT/robot"}}}}
    notices: {{missed-call: {{mobiles: "13900001111"}}, arrears: {{robots: ops}}}}
"""


@pytest.fixture
def store() -> Iterator[tuple[DataDirectory, MainDatabase]]:
    """A running store."""
    with short_data_directory() as data, running("storage", data) as process:
        wait_for_store(data)
        database = open_main(data)
        yield data, database
        database.close()
        assert process.end() == 0


def tell_of(database: MainDatabase, kind: NoticeKind, count: int) -> None:
    def work(root: Root) -> None:
        for number in range(count):
            tell(root, kind, "acme", f"{kind}:{number}", {"caller": "138"}, time.time())

    database.transact(work)


def states(database: MainDatabase, kind: NoticeKind) -> Counter[str]:
    found = database.read(lambda root: list(root.notices.newest_first()))
    return Counter(each.state for each in found if each.kind == kind)


def test_kill_9_loses_no_notice_and_charges_none_twice(
    store: tuple[DataDirectory, MainDatabase],
) -> None:
    """What was sent and not stored is sent once more, never more than was under way; money is taken once."""
    data, database = store
    with WebGateway(_HOST) as gateway:
        apply(database, CONFIGURATION.replace("GATEWAY", gateway.url).replace("ROBOT", gateway.url))
        tell_of(database, NoticeKind.MISSED_CALL, NOTICES)
        for kill in range(KILLS):
            with running("b2bua.notices", data) as process:
                eventually(lambda kill=kill: len(gateway.requests) >= (kill + 1) * 10)  # type: ignore[misc]
                process.end(signal.SIGKILL)
        with running("b2bua.notices", data) as process:
            eventually(lambda: states(database, NoticeKind.MISSED_CALL)[DeliveryState.SENT] == NOTICES)
            assert process.end() == 0
        arrived = Counter(request.path for request in gateway.requests)
    requests = database.read(
        lambda root: {cause: each.value.li for cause, each in root.money.requests.items()}
    )
    doubled = sum(arrived.values()) - len(arrived)
    print(f"{NOTICES} SMS, {KILLS} kills: {len(arrived)} arrived, {doubled} twice, {len(requests)} charged")
    assert len(arrived) == NOTICES
    assert max(arrived.values()) <= 1 + KILLS
    assert doubled <= KILLS * 16
    assert len(requests) == NOTICES
    assert set(requests.values()) == {-80}


def test_a_gateway_that_hangs_holds_up_nobody_else(store: tuple[DataDirectory, MainDatabase]) -> None:
    """300 SMS wait for a gateway that takes connections and says nothing; the group hears at once."""
    data, database = store
    with ExitStack() as stack:
        robots = stack.enter_context(WebGateway(_HOST))
        hanging = stack.enter_context(socket.create_server((_HOST, 0), backlog=64))
        url = f"http://{_HOST}:{hanging.getsockname()[1]}"
        apply(database, CONFIGURATION.replace("GATEWAY", url).replace("ROBOT", robots.url))
        publish(data, database)
        tell_of(database, NoticeKind.MISSED_CALL, 300)
        with running("b2bua.notices", data) as process:
            eventually(lambda: read_status(data))
            begun = time.monotonic()
            tell_of(database, NoticeKind.ARREARS, 1)
            eventually(lambda: robots.requests)
            took = robots.requests[0].at - begun

            def alarmed() -> bool:
                status = read_status(data)
                return status is not None and [each.key for each in status.alarms] == ["notices:gateway:sms"]

            eventually(alarmed)
            print(f"told a group {took:.2f} s after the fact, beside a gateway that hangs")
            tell_of(database, NoticeKind.ARREARS, 2)
            eventually(lambda: len(robots.requests) == 2)
            assert process.end() == 0
        assert states(database, NoticeKind.MISSED_CALL) == {DeliveryState.WAITING: 300}
        assert took < 10.0
