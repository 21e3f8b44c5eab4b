"""Queues and agents in provisioning files."""

from __future__ import annotations

import pytest

from domain.acd.configuration import Membership, Strategy
from storage.connection import open_main_in_memory
from storage.provisioning import ProvisioningError, export_database
from storage.serving.snapshots import build
from tests.unit.storage.provision import apply

FLOOR = """\
tenants:
  acme:
    extensions:
      "8001": {}
    queues:
      sales:
        label: 销售
        strategy: skills
        hours: [workdays 09:00-18:00, holidays closed]
        overflow: hang-up
        keys: {"9": hang-up}
        call_back_key: "1"
        rating: true
      service: {}
    agents:
      "8001":
        label: 张三
        target: "8001"
        queues: [{queue: sales, level: 9, priority: 2}, service]
      "8002": {target: 13900001111, queues: service, logged_in: true}
    numbers:
      4001003721: {entry: "queue:sales"}
"""


def faults(text: str, language: str = "en") -> list[str]:
    database = open_main_in_memory()
    with pytest.raises(ProvisioningError) as caught:
        apply(database, text)
    return caught.value.text(language).split("\n")


def test_queues_and_agents_reach_the_snapshot() -> None:
    """What the file says is what calls are served by; exporting it changes nothing."""
    database = open_main_in_memory()
    told = apply(database, FLOOR, "zh")
    assert any(line.startswith("+ 新增 队列 sales") for line in told)
    assert any(line.startswith("+ 新增 坐席 8001") for line in told)
    (tenant,) = database.read(build).tenants
    sales, service = tenant.queues
    assert (sales.strategy, sales.call_back_key, str(sales.keys["9"])) == (Strategy.SKILLS, "1", "hang-up")
    assert sales.hours is not None
    assert service.strategy is Strategy.LONGEST_IDLE
    first, second = tenant.agents
    assert first.queues == (Membership("sales", 9, 2), Membership("service"))
    assert (second.target, second.logged_in) == ("13900001111", True)
    assert apply(database, FLOOR) == []
    assert apply(database, export_database(database)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("agents: {'1': {queues: x}}", "has no target"),
        ("agents: {'1': {target: desk, queues: []}}", "no extension 'desk'"),
        ("agents: {'1': {target: 13900001111, queues: x}}", "no queue:x"),
        ("agents: {'1': {target: 13900001111}, '2': {target: 13900001111}}", "the phone of agent"),
        ("queues: {x: {keys: {'12': hang-up}}}", "0-9"),
        ("queues: {x: {strategy: random}}", "longest-idle"),
        ("queues: {x: {overflow: 'queue:y'}}", "no queue:y"),
        ("queues: {x: {announce_seconds: 3}}", "10"),
        (
            "queues: {x: {}}, agents: {'1': {target: 13900001111, queues: [x, {queue: x, level: 2}]}}",
            "stands twice",
        ),
    ],
)
def test_what_does_not_fit_is_told(text: str, says: str) -> None:
    """Each mistake of a technician names what is wrong."""
    assert any(says in line for line in faults(f"tenants: {{acme: {{{text}}}}}")), faults(
        f"tenants: {{acme: {{{text}}}}}"
    )


def test_a_queue_in_use_stays() -> None:
    """What a number or an agent leads to cannot be taken away under it."""
    database = open_main_in_memory()
    apply(database, FLOOR)
    with pytest.raises(ProvisioningError) as caught:
        apply(database, "tenants: {acme: {queues: {sales: {absent: true}}}}")
    assert "queue:sales" in caught.value.text("en")
