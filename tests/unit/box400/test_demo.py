"""The demo that an empty box is given: it applies, and its voice menu leads where it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from box400.prompts import PreparedPrompts
from domain.calling.caller import canonical_caller
from domain.calling.facts import facts_of
from domain.days.calendar import Calendar
from domain.flow.extensions import dial_plan_of
from domain.flow.simulation import simulate
from domain.flow.steps import Surroundings
from domain.places.places import shipped_places
from domain.places.regions import shipped_regions
from storage.connection import open_main_in_memory
from storage.data_directory import DataDirectory
from storage.provisioning import apply_file
from storage.serving.snapshots import Snapshots, build

DEMO = Path(__file__).parents[3] / "box400" / "demo" / "demo.yaml"
MONDAY, NIGHT = 1_795_399_200.0, 1_795_399_200.0 + 12 * 3600
BEIJING = "01061234567"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """Apply the demo to an empty box."""
    data = DataDirectory(tmp_path_factory.mktemp("demo"))
    data.create()
    database = open_main_in_memory()
    apply_file(database, DEMO, PreparedPrompts(data))
    return database.read(build)


@pytest.mark.parametrize(
    ("keys", "caller", "at", "end"),
    [
        ("1", BEIJING, MONDAY, "queue:sales"),
        ("2", BEIJING, MONDAY, "queue:service"),
        ("2", BEIJING, NIGHT, "voicemail:service"),
        ("30", BEIJING, MONDAY, "bound"),
        ("38003", BEIJING, MONDAY, "extension:8003"),
        ("3*9", BEIJING, MONDAY, "voicemail:service"),
        ("9", BEIJING, MONDAY, "voicemail:service"),
        ("", BEIJING, MONDAY, "bound"),
    ],
)
def test_the_menu_leads_where_it_says(demo: Snapshots, keys: str, caller: str, at: float, end: str) -> None:
    """Two queues, day and night, extensions, messages; a silent caller reaches the operator."""
    (tenant,) = demo.tenants
    plan = tenant.numbers[0]
    assert (plan.number, str(plan.entry)) == ("4001003721", "flow:main")
    facts = facts_of(canonical_caller(caller), shipped_places(), shipped_regions(), Calendar(), at)
    around = Surroundings(
        when=facts.when, place=facts.place, region=facts.region, dial=dial_plan_of(demo.box, tenant, plan)
    )
    assert str(simulate(tenant.flows[0], around, keys).end) == end
