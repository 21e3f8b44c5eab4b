"""A queue on a whole box: a real phone registers as an agent, logs in, serves and is rated."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.product.audio import read_stereo, seconds_of
from tests.product.baresip import Baresip
from tests.product.box import Box, Place
from tests.product.conftest import CALLER_HERTZ, GATEWAY_HERTZ
from tests.product.waiting import wait_until

SERVICE = "4001003761"
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with a queue."""
    configuration = (Path(__file__).parent / "queues.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


@pytest.fixture
def phone(quiet_box: Box, tmp_path: Path) -> Iterator[Baresip]:
    """Return the agent's registered phone, which answers by itself."""
    baresip = Baresip(tmp_path / "phone", quiet_box.place.sip, "8001", SECRET, hertz=GATEWAY_HERTZ)
    try:
        baresip.registered()
        yield baresip
    finally:
        baresip.stop()


def state(box: Box) -> str:
    """Return what the agent does."""
    (agent,) = box.json("agents")
    return str(agent["state"])


def talk_seconds(box: Box) -> float:
    """Return for how long the one call has been a talk."""
    return max((call["talk_seconds"] or 0.0 for call in box.calls()), default=0.0)


def moments(record: dict[str, Any], what: str) -> list[str]:
    """Return what a record's timeline says of one kind of event."""
    return [moment["detail"] for moment in record["timeline"] if moment["what"] == what]


def test_an_agent_logs_in_by_star_code_serves_and_is_rated(
    quiet_box: Box, phone: Baresip, tmp_path: Path
) -> None:
    """*51 on his phone; the caller waits with music, talks, and rates him when he has hung up."""
    says = tmp_path / "caller.wav"
    soundfile.write(says, 0.3 * np.sin(np.arange(40 * 8000) * 2 * np.pi * CALLER_HERTZ / 8000), 8000)
    assert state(quiet_box) == "offline"
    phone.does("dial", "*51")
    wait_until(lambda: state(quiet_box) == "idle", "the agent is logged in", explain=phone.story)
    quiet_box.quiet()
    with ThreadPoolExecutor(1) as pool:
        report = pool.submit(
            quiet_box.call, SERVICE, "--seconds", "60", "--keys", "w14,4", "--play", str(says)
        )
        wait_until(lambda: talk_seconds(quiet_box) > 2, "they talk", 30, explain=phone.story)
        assert state(quiet_box) == "talking"
        phone.does("hangup")
        wait_until(lambda: state(quiet_box) == "idle", "the agent is free again")
        report.result(60)
    service = next(each for each in quiet_box.json("records", "--queue", "service") if each["rating"])
    assert (service["queue"], service["job_number"], service["rating"]) == ("service", "8001", 4)
    record = quiet_box.json("records", service["id"])
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "answerer")
    assert record["wait_ms"] < 5000
    assert moments(record, "rate") == ["8001 4"]
    sound = read_stereo(quiet_box.recording(record["id"]))
    assert seconds_of(sound.left, CALLER_HERTZ) > 2
    assert seconds_of(sound.right, GATEWAY_HERTZ) > 1
    (queue,) = quiet_box.json("queues")
    assert (queue["answered"], queue["waiting"], queue["free"]) == (1, 0, 1)


def test_a_caller_gives_up_while_the_agent_is_paused(quiet_box: Box) -> None:
    """The pause is set from the command line; the record says how long the caller waited."""
    quiet_box.cli("agents", "login", "demo", "8001")
    quiet_box.cli("agents", "pause", "demo", "8001", "--reason", "lunch")
    assert "paused (lunch)" in quiet_box.cli("--lang", "en", "agents")
    quiet_box.call(SERVICE, "--seconds", "3")
    record = quiet_box.record()
    assert (record["outcome"], record["queue"], record["job_number"]) == ("gave-up-queue", "service", "")
    assert 2500 <= record["wait_ms"] <= 4500
    assert "box400_queue_left_total" in quiet_box.web("/metrics")[1]


def test_nobody_is_logged_in(quiet_box: Box) -> None:
    """The caller hears so and the call ends."""
    quiet_box.cli("agents", "logout", "demo", "8001")
    quiet_box.call(SERVICE, "--seconds", "20")
    assert quiet_box.record()["outcome"] == "no-agents"
