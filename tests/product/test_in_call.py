"""What agents and supervisors do with a call: real phones, real audio, one recording of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.product.audio import RATE, Samples, read_stereo
from tests.product.baresip import Baresip
from tests.product.box import Box, Place
from tests.product.conftest import CALLER_HERTZ, Carrier
from tests.product.waiting import wait_until

BOUND_TO_8001 = "4001003725"
SECRET = "correct-horse-battery"
HERTZ = {"8001": 880, "8002": 1250, "8009": 1700}
Phones = Callable[[str], Baresip]


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with three extensions."""
    configuration = (Path(__file__).parent / "box.yaml").read_text(encoding="utf-8")
    one = f'      "8001":\n        secret: {SECRET}\n'
    assert one in configuration
    configuration = configuration.replace(one, "".join(one.replace("8001", name) for name in HERTZ))
    last = one.replace("8001", "8009")
    configuration = configuration.replace(last, f"{last}        supervisor: true\n")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


@pytest.fixture
def phones(quiet_box: Box, tmp_path: Path) -> Iterator[Phones]:
    """Register phones; each says a tone of its own."""
    made: list[Baresip] = []

    def register(name: str) -> Baresip:
        phone = Baresip(tmp_path / name, quiet_box.place.sip, name, SECRET, hertz=HERTZ[name])
        made.append(phone)
        phone.registered()
        return phone

    yield register
    for phone in made:
        phone.stop()


def loud(sound: Samples, hertz: float) -> list[float]:
    """Return the seconds (tenths) in which a tone can be made out, whatever else sounds."""
    found = []
    for at in range(0, len(sound) - 800, 800):
        piece = sound[at : at + 800] * np.hanning(800)
        wave = np.exp(-2j * np.pi * hertz / RATE * np.arange(800))
        if np.abs(piece @ wave) / 800 > 0.01:
            found.append(at / RATE)
    return found


def the_call(box: Box, state: str = "talking") -> str:
    """Return the id of the one call, once it is in a state."""

    def there() -> str | None:
        calls = [each for each in box.calls() if each["state"] == state]
        return str(calls[0]["call"]) if calls else None

    return wait_until(there, f"a call that is {state}")


def talks(box: Box, wanted: dict[str, str]) -> None:
    """Wait until these take part in the one call, as they should."""
    wait_until(
        lambda: [each for each in box.calls() if each["parts"] == wanted],
        f"{wanted}",
        explain=lambda: str(box.calls()),
    )


def parts(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return who did what, in order of their beginning."""
    participants = sorted(record["participants"], key=lambda each: int(each["from_ms"]))
    return [(each["who"], each["part"]) for each in participants]


def test_an_agent_holds_and_refers_his_caller(quiet_box: Box, carrier: Carrier, phones: Phones) -> None:
    """baresip sends REFER; the caller goes on with 8002; one recording has both, one after the other."""
    agent, colleague = phones("8001"), phones("8002")
    calling = carrier.brings("carrier_waits", BOUND_TO_8001)
    the_call(quiet_box)
    agent.does("hold")
    talks(quiet_box, {"8001": "hold"})
    agent.does("resume")
    agent.does("transfer", f"sip:8002@{quiet_box.place.box}")
    talks(quiet_box, {"8002": "talk"})
    wait_until(lambda: len(loud(heard_by(colleague), CALLER_HERTZ)) > 20, "they hear each other")
    colleague.does("hangup")
    calling.good()
    record = quiet_box.record()
    assert (record["outcome"], record["answered_by"]) == ("answered", "8002")
    told = [part for part in parts(record) if part[0]]
    assert told[0] == ("8001", "talk")
    assert told[-1] == ("8002", "talk")
    assert ("8001", "hold") in told
    sound = read_stereo(quiet_box.recording(record["id"]))
    first, second = loud(sound.right, HERTZ["8001"]), loud(sound.right, HERTZ["8002"])
    assert first
    assert len(second) > 10
    assert max(first) < min(second)
    assert len(loud(sound.left, CALLER_HERTZ)) > 20


def test_star_codes_by_events(quiet_box: Box, carrier: Carrier, phones: Phones) -> None:
    """*2 8002 #, then *2: consultation and handing over, keyed on a phone; the consultation is not kept."""
    agent, colleague = phones("8001"), phones("8002")
    calling = carrier.brings("carrier_waits", BOUND_TO_8001)
    the_call(quiet_box)
    agent.does("sndcode", "*28002#")
    call = the_call(quiet_box, "consulting")
    talks(quiet_box, {"8001": "hold", "8002": "consult"})
    wait_until(lambda: len(loud(heard_by(agent), HERTZ["8002"])) > 8, "they hear each other")
    agent.does("sndcode", "*2")
    talks(quiet_box, {"8002": "talk"})
    wait_until(lambda: loud(heard_by(colleague), CALLER_HERTZ), "they hear each other")
    colleague.does("hangup")
    calling.good()
    record = quiet_box.record()
    assert record["id"] == call
    assert parts(record) == [("8001", "talk"), ("8001", "hold"), ("8002", "consult"), ("8002", "talk")]
    sound = read_stereo(quiet_box.recording(call))
    begins = [each["from_ms"] for each in record["participants"] if each["part"] == "talk"]
    origin = record["answer_ms"]
    assert min(loud(sound.right, HERTZ["8002"])) > (max(begins) - origin) / 1000 - 0.2
    assert loud(colleague.heard(), HERTZ["8001"])


def heard_by(phone: Baresip) -> Samples:
    """Return what a phone has heard so far, nothing before its first sound is written."""
    try:
        return phone.heard()
    except (AssertionError, RuntimeError):
        return np.zeros(0)


def test_a_supervisor_listens_whispers_and_barges_in(
    quiet_box: Box, carrier: Carrier, phones: Phones
) -> None:
    """Who hears whom in each mode; the recording has him only while he barges in; each step is audited."""
    agent, supervisor = phones("8001"), phones("8009")
    calling = carrier.brings("carrier_waits", BOUND_TO_8001)
    call = the_call(quiet_box)
    for mode in ("listen", "whisper", "barge"):
        quiet_box.cli("supervise", call, "--as", "8009", "--mode", mode)
        talks(quiet_box, {"8001": "talk", "8009": mode})
        passes = len(heard_by(supervisor)) + RATE
        wait_until(lambda passes=passes: len(heard_by(supervisor)) > passes, "a second")
    quiet_box.cli("supervise", call, "--as", "13900001111", status=1)
    agent.does("hangup")
    calling.good()
    record = quiet_box.record()
    times = {each["part"]: each["from_ms"] for each in record["participants"] if each["who"] == "8009"}
    assert list(times) == ["listen", "whisper", "barge"]
    sound = read_stereo(quiet_box.recording(call))
    barged = (times["barge"] - record["answer_ms"]) / 1000
    kept = loud(sound.right, HERTZ["8009"])
    assert kept
    assert min(kept) > barged - 0.2
    assert len(loud(sound.right, HERTZ["8001"])) > 20
    assert loud(agent.heard(), HERTZ["8009"])
    heard = supervisor.heard()
    assert len(loud(heard, CALLER_HERTZ)) > 20
    assert len(loud(heard, HERTZ["8001"])) > 20
    steps = [each["detail"] for each in record["timeline"] if each["what"] == "step"]
    trail = [step.split()[1:4] for step in steps if step.startswith("supervise")]
    assert trail[0] == ["listen", "8009", "asked"]
    assert trail[-1] == ["barge", "8009", "ends"]


def test_a_supervisor_dials_in(quiet_box: Box, carrier: Carrier, phones: Phones) -> None:
    """*57 and the agent, from a real phone: all three hear each other; hanging up leaves the two alone."""
    agent, supervisor = phones("8001"), phones("8009")
    calling = carrier.brings("carrier_waits", BOUND_TO_8001)
    call = the_call(quiet_box)
    supervisor.does("dial", f"sip:*578001@{quiet_box.place.box}")
    talks(quiet_box, {"8001": "talk", "8009": "barge"})
    wait_until(lambda: len(loud(heard_by(supervisor), CALLER_HERTZ)) > 20, "two seconds of the caller")
    supervisor.does("hangup")
    talks(quiet_box, {"8001": "talk"})
    agent.does("hangup")
    calling.good()
    record = quiet_box.record()
    assert record["id"] == call
    trail = [each["detail"] for each in record["timeline"] if each["detail"].startswith("supervise")]
    assert trail == [f"supervise barge 8009 {what} by extension 8009" for what in ("asked", "begins", "ends")]
    assert loud(agent.heard(), HERTZ["8009"])
    assert loud(supervisor.heard(), HERTZ["8001"])
    assert loud(read_stereo(quiet_box.recording(call)).right, HERTZ["8009"])


def test_an_operator_transfers_and_takes_down(quiet_box: Box, carrier: Carrier, phones: Phones) -> None:
    """From the command line; refusals say why in the language wanted."""
    phones("8001"), phones("8002")
    carrier.brings("carrier_waits", BOUND_TO_8001)
    call = the_call(quiet_box)
    refused = quiet_box.try_cli("--lang", "zh", "transfer", call, "13999999999")
    assert refused.returncode == 1
    assert "不是本企业的" in refused.stderr
    quiet_box.cli("hold", call)
    the_call(quiet_box, "held")
    quiet_box.cli("resume", call)
    quiet_box.cli("transfer", call, "8002")
    wait_until(
        lambda: [each for each in quiet_box.calls() if each["parts"] == {"8002": "talk"}], "8002 talks"
    )
    quiet_box.cli("take-down", call)
    record = quiet_box.record()
    assert (record["outcome"], record["answered_by"]) == ("cut-by-operator", "8002")
    steps = [each["detail"].split()[0] for each in record["timeline"] if each["what"] == "step"]
    assert [step for step in steps if step in ("hold", "resume", "transfer", "transferred", "take-down")] == [
        "hold",
        "resume",
        "transfer",
        "transferred",
        "take-down",
    ]


def test_a_crash_in_a_consultation_leaves_nobody_on_the_line(
    quiet_box: Box, carrier: Carrier, phones: Phones
) -> None:
    """kill -9: caller, agent, colleague and supervisor get their BYE; the record keeps who took part."""
    agent, colleague, supervisor = phones("8001"), phones("8002"), phones("8009")
    calling = carrier.brings("carrier_waits", BOUND_TO_8001)
    call = the_call(quiet_box)
    quiet_box.cli("supervise", call, "--as", "8009")
    talks(quiet_box, {"8001": "talk", "8009": "listen"})
    agent.does("sndcode", "*28002#")
    talks(quiet_box, {"8001": "hold", "8002": "consult", "8009": "listen"})
    (pid,) = [each["pid"] for each in quiet_box.json("status")["processes"] if each["name"] == "b2bua"]
    everybody = (agent, colleague, supervisor)
    assert not [phone for phone in everybody if "terminated" in phone.story()]
    psutil.Process(pid).kill()
    calling.good()
    for phone in everybody:
        wait_until(
            lambda phone=phone: "terminated" in phone.story(), "the phone is hung up", explain=phone.story
        )
    record = quiet_box.record()
    assert (record["id"], record["outcome"]) == (call, "cut-by-crash")
    assert {("8001", "hold"), ("8002", "consult"), ("8009", "listen")} <= set(parts(record))
