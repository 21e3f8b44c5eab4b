"""The real b2bua process with a real carrier's packets on loopback: serve, be asked, end, crash and
recover."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from b2bua.control import (
    AskCalls,
    AskStatus,
    Calls,
    ControlClient,
    ControlDown,
    ControlFailed,
    Done,
    Drain,
    FlushTrace,
    HangUp,
    InForce,
    Ping,
    Reload,
    Status,
)
from b2bua.trace_read import ladder, read_call
from domain.outcomes import Outcome
from domain.snapshot import ListenerSnapshot
from storage.journal.events import MediaMeasured, Started
from tests.crash.carrier import Carrier, Seen
from tests.product.b2bua_process import NUMBER, B2bua, Loopback

DASHBOARD = Path(__file__).parents[2] / "webui/static/own/grafana.json"
FREE = iter(range(1, 255))


class Patient(Carrier):
    """A carrier that hangs up only when it is told."""

    def _hang_up(self, side: object) -> None:
        """Wait for the box, or for :meth:`leave`."""

    def leave(self, seen: Seen) -> None:
        """Hang up the caller's side."""
        super()._hang_up(self._sides[False, seen.call_id])


@pytest.fixture
def net() -> Loopback:
    """Addresses that no other test uses."""
    return Loopback(next(FREE))


@pytest.fixture
def box(tmp_path: Path, net: Loopback) -> Iterator[B2bua]:
    """A process that is up."""
    with B2bua(tmp_path / "box", net) as box:
        box.start()
        yield box


@pytest.fixture
def carrier(net: Loopback) -> Iterator[Patient]:
    """The carrier."""
    carrier = Patient(net.box, net.carrier, net.gateway, NUMBER, seed=1)
    yield carrier
    carrier.close()


def talk(carrier: Patient) -> Seen:
    """Set a call up; returns the caller's side."""
    seen = carrier.place(1.0)
    carrier.run(5.0, lambda: seen.answered is not None)
    assert seen.status == 200
    carrier.run(0.3)
    return seen


def test_a_call_from_trunk_to_journal_and_trace(box: B2bua, carrier: Patient) -> None:
    """Talk half a second, hang up: audio both ways, one record, a ladder of every message."""
    seen = talk(carrier)
    carrier.run(0.5)
    (leg,) = carrier.legs
    with ControlClient(box.data.control_socket) as control:
        (live,) = control.ask(AskCalls(), Calls).calls
        assert (live.number, live.tenant, live.state, live.who) == (NUMBER, "demo", "talking", "13800138000")
        assert live.talk_seconds is not None
        carrier.leave(seen)
        carrier.run(3.0, lambda: leg.ended is not None)
        assert leg.ended_by == "box"
        assert seen.packets_in > 10
        assert leg.packets_in > 10
        carrier.run(0.2)
        control.ask(FlushTrace(), Done)
        status = control.ask(AskStatus(), Status)
    assert (status.calls, status.counters["calls_bridged"], status.alarms) == (0, 1, [])
    assert [worker.alive for worker in status.workers] == [True]
    assert status.trunks[0].name == "demo-carrier"
    assert box.stop() == 0
    (ended,) = box.ended(1)
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, "caller")
    measured = [event for event in box.events() if isinstance(event, MediaMeasured)]
    assert all(line.packets_in > 10 for line in measured)
    text = ladder(read_call(box.data.trace, ended.call))
    for expected in ("INVITE +SDP", "180 Ringing", "200 OK +SDP", "ACK", "BYE", "200 OK (BYE)"):
        assert expected in text, text
    assert (box.data.spool / ended.call).exists()
    assert box.complaints() == []


def test_sigterm_ends_calls_with_bye_and_closes_their_records(box: B2bua, carrier: Patient) -> None:
    """Within three seconds, exit status 0."""
    calls = [talk(carrier), talk(carrier)]
    began = time.monotonic()
    box.signal(signal.SIGTERM)
    carrier.run(3.0, lambda: all(not seen.up for seen in (*calls, *carrier.legs)))
    assert [seen.ended_by for seen in (*calls, *carrier.legs)] == ["box"] * 4
    assert box.wait() == 0
    assert time.monotonic() - began < 3.0
    assert [ended.outcome for ended in box.ended()] == [Outcome.SHUTDOWN] * 2
    assert box.complaints() == []


def test_after_a_crash_both_legs_are_ended_and_the_records_closed(box: B2bua, carrier: Patient) -> None:
    """Killed in mid-talk: the carrier stops counting within three seconds of the start."""
    seen = talk(carrier)
    box.kill()
    assert box.ended() == []
    box.start()
    (leg,) = carrier.legs
    carrier.run(3.0, lambda: not seen.up and not leg.up)
    assert (seen.ended_by, leg.ended_by) == ("box", "box")
    (ended,) = box.ended(1)
    assert (ended.outcome, ended.sip_status) == (Outcome.CUT_BY_CRASH, 200)
    with ControlClient(box.data.control_socket) as control:
        assert [alarm.key for alarm in control.ask(AskStatus(), Status).alarms] == ["crash"]
    again = talk(carrier)
    carrier.leave(again)
    carrier.run(3.0, lambda: not carrier.legs[1].up)
    assert box.stop() == 0
    ended = box.ended()
    assert [each.outcome for each in ended] == [Outcome.CUT_BY_CRASH, Outcome.ANSWERED], box.events()


def test_a_call_that_rang_when_the_process_died_is_ended_too(box: B2bua, carrier: Patient) -> None:
    """The caller gets 503, the phone a CANCEL."""
    seen = carrier.place(1.0)
    carrier.run(5.0, lambda: bool(carrier.legs))
    box.kill()
    box.start()
    (leg,) = carrier.legs
    carrier.run(3.0, lambda: seen.ended is not None and leg.ended is not None)
    assert seen.status in (503, 487)
    assert leg.ended_by == "box"
    assert [each.outcome for each in box.ended(1)] == [Outcome.CUT_BY_CRASH]


def test_a_killed_media_worker_is_replaced_and_the_call_goes_on(box: B2bua, carrier: Patient) -> None:
    """Audio is back within five seconds on the same ports, both ways; the alarm says what happened."""
    seen = talk(carrier)
    (leg,) = carrier.legs
    with ControlClient(box.data.control_socket) as control:
        (worker,) = control.ask(AskStatus(), Status).workers
        os.kill(worker.pid, signal.SIGKILL)
        heard = (seen.packets_in, leg.packets_in)
        carrier.run(5.0, lambda: seen.packets_in > heard[0] + 25 and leg.packets_in > heard[1] + 25)
        assert seen.packets_in > heard[0] + 25
        assert leg.packets_in > heard[1] + 25
        status = control.ask(AskStatus(), Status)
        assert status.workers[0].pid != worker.pid
        carrier.run(3.0, lambda: "media-worker:0" in {a.key for a in control.ask(AskStatus(), Status).alarms})
        carrier.run(3.0, lambda: not control.ask(AskStatus(), Status).alarms)
    assert (seen.up, leg.up) == (True, True)
    carrier.leave(seen)
    (ended,) = box.ended(1)
    assert ended.outcome == Outcome.ANSWERED


def test_a_change_is_in_force_from_the_next_call_on(box: B2bua, carrier: Patient) -> None:
    """The one in progress goes on; the control socket answers with the versions in force."""
    seen = talk(carrier)
    box.provision(active=False)
    with ControlClient(box.data.control_socket) as control:
        in_force = control.ask(Reload(), InForce)
        assert (in_force.box, in_force.tenants, in_force.errors) == (2, {"demo": 2}, {})
        refused = carrier.place(1.0)
        carrier.run(3.0, lambda: refused.ended is not None)
        assert (refused.status, seen.up) == (403, True)
        (call,) = control.ask(AskCalls(), Calls).calls
        control.ask(HangUp(call.call), Done)
        carrier.run(3.0, lambda: not seen.up)
        assert seen.ended_by == "box"
        with pytest.raises(ControlFailed):
            control.ask(HangUp(call.call), Done)
    box.provision()
    box.signal(signal.SIGHUP)
    with ControlClient(box.data.control_socket) as control:
        while control.ask(AskStatus(), Status).box_version != 3:
            carrier.run(0.02)
    again = talk(carrier)
    carrier.leave(again)
    carrier.run(3.0, lambda: not carrier.legs[-1].up)
    assert [each.outcome for each in box.ended(3)] == [
        Outcome.SUSPENDED,
        Outcome.CUT_BY_OPERATOR,
        Outcome.ANSWERED,
    ]


def test_draining_refuses_new_calls_and_lets_those_up_go_on(box: B2bua, carrier: Patient) -> None:
    """The health page says so."""
    seen = talk(carrier)
    with ControlClient(box.data.control_socket) as control:
        control.ask(Drain(), Done)
        refused = carrier.place(1.0)
        carrier.run(3.0, lambda: refused.ended is not None)
        assert (refused.status, seen.up) == (503, True)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://{box.net.web}/healthz")
        assert caught.value.code == 503
        caught.value.close()
        control.ask(Drain(on=False), Done)
        control.ask(Ping(), Done)
    carrier.leave(seen)
    again = talk(carrier)
    assert again.up


def test_health_and_metrics_are_served(box: B2bua, carrier: Patient) -> None:
    """For the operator's monitoring."""
    seen = talk(carrier)
    carrier.leave(seen)
    carrier.run(3.0, lambda: not carrier.legs[0].up)
    carrier.run(0.2)
    with urllib.request.urlopen(f"http://{box.net.web}/healthz") as page:
        assert page.read() == b"ok\n"
    with urllib.request.urlopen(f"http://{box.net.web}/metrics") as page:
        text = page.read().decode()
    for line in (
        "box400_calls_started_total 1.0",
        'box400_calls_ended_total{outcome="answered"} 1.0',
        "box400_calls_up 0.0",
        'box400_call_setup_seconds_bucket{le="+Inf"} 1.0',
        'box400_media_worker_up{worker="0"} 1.0',
        "process_resident_memory_bytes",
        "box400_reactor_lag_seconds",
        "box400_journal_sync_seconds_count",
    ):
        assert line in text, text


def test_the_dashboard_asks_for_what_is_served(box: B2bua) -> None:
    """Every metric that the Grafana file names is on the page, with the labels that its legends show."""
    with urllib.request.urlopen(f"http://{box.net.web}/metrics") as page:
        text = page.read().decode()
    served = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}.get(kind, ("",))
        served.update(name + ending for ending in endings)
    labels = dict(re.findall(r"^(\w+)\{([^}]*)\}", text, re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(targets) > 20
    for target in targets:
        names = re.findall(r"(?:box400|process)_[a-z0-9_]+", target["expr"])
        assert names, target
        assert set(names) <= served, target
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert names[0] not in labels or f'{label}="' in labels[names[0]], target


def test_a_strangers_invite_gets_nothing_and_leaves_no_record(box: B2bua, net: Loopback) -> None:
    """Not even an answer that says who is here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((net.stranger, 0))
        stranger.settimeout(0.3)
        host, port = stranger.getsockname()
        stranger.sendto(
            f"INVITE sip:{NUMBER}@{net.box[0]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKs\r\n"
            f"From: <sip:x@{host}>;tag=1\r\nTo: <sip:{NUMBER}@{net.box[0]}>\r\nCall-ID: s\r\n"
            "CSeq: 1 INVITE\r\n"
            f"Contact: <sip:x@{host}:{port}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode(),
            net.box,
        )
        with pytest.raises(TimeoutError):
            stranger.recv(4096)
    with ControlClient(box.data.control_socket) as control:
        assert control.ask(AskStatus(), Status).counters["sip_strangers"] == 1
    assert box.events() == []


def test_a_broken_request_of_the_carrier_leaves_a_record(box: B2bua, net: Loopback) -> None:
    """Refused by the stack, kept as bad-request."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier:
        carrier.bind((net.carrier, 0))
        carrier.settimeout(2.0)
        host, port = carrier.getsockname()
        carrier.sendto(
            f"INVITE sip:{NUMBER}@{net.box[0]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKs\r\n"
            f"From: <sip:x@{host}>;tag=1\r\nTo: <sip:{NUMBER}@{net.box[0]}>\r\nCall-ID: s\r\n"
            "CSeq: 1 INVITE\r\n"
            f"Contact: <sip:x@{host}:{port}>\r\nMax-Forwards: 70\r\nRequire: teleportation\r\n"
            "Content-Length: 0\r\n\r\n".encode(),
            net.box,
        )
        assert carrier.recv(4096).startswith(b"SIP/2.0 420")
    (ended,) = box.ended(1)
    assert (ended.outcome, ended.sip_status) == (Outcome.BAD_REQUEST, 420)
    assert [event.called for event in box.events() if isinstance(event, Started)] == [NUMBER]


def test_a_second_process_on_the_same_data_directory_refuses_to_start(box: B2bua) -> None:
    """Two writers would spoil the journal."""
    with B2bua(box.data.root, box.net) as second, pytest.raises(AssertionError):
        second.start()
    with ControlClient(box.data.control_socket) as control:
        control.ask(Ping(), Done)


def alarms_of_listeners(control: ControlClient) -> list[str]:
    """Return the keys of the alarms about listeners; a busy machine may raise one about itself."""
    alarms = control.ask(AskStatus(), Status).alarms
    return [alarm.key for alarm in alarms if alarm.key.startswith("listener:")]


def test_a_listener_whose_port_is_taken_keeps_nobody_else_waiting(
    tmp_path: Path, net: Loopback, carrier: Patient
) -> None:
    """The carrier's side serves; the office side is alarmed and opened as soon as that is possible."""
    with B2bua(tmp_path / "box", net) as box, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((net.stranger, 5060))
        box.more_listeners = (ListenerSnapshot(name="office", bind=net.stranger, transports=("udp",)),)
        box.provision()
        box.start()
        seen = talk(carrier)
        with ControlClient(box.data.control_socket) as control:
            assert alarms_of_listeners(control) == ["listener:office"]
            taken.close()
            control.ask(Reload(), InForce)
            assert alarms_of_listeners(control) == []
            status = control.ask(AskStatus(), Status)
            assert {listener.name for listener in status.listeners} == {"carrier", "office"}
        assert seen.up


def test_a_taken_port_of_the_metrics_page_is_no_reason_to_take_no_calls(
    tmp_path: Path, net: Loopback, carrier: Patient
) -> None:
    """It is alarmed."""
    with B2bua(tmp_path / "box", net) as box, socket.socket() as taken:
        taken.bind((net.box[0], 8400))
        taken.listen()
        box.start()
        assert talk(carrier).up
        with ControlClient(box.data.control_socket) as control:
            assert "web" in [alarm.key for alarm in control.ask(AskStatus(), Status).alarms]


def test_a_box_with_no_listener_at_all_does_not_start(tmp_path: Path, net: Loopback) -> None:
    """It says which port is taken."""
    with B2bua(tmp_path / "box", net) as box, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(net.box)
        with pytest.raises(AssertionError, match="listener carrier"):
            box.start()
        assert box.wait() == 1


def test_nobody_answers_on_the_socket_of_a_stopped_process(box: B2bua) -> None:
    """The command line then says that no box is running."""
    assert box.stop() == 0
    with pytest.raises(ControlDown):
        ControlClient(box.data.control_socket)


def test_logs_are_json_lines(box: B2bua) -> None:
    """Each with time, level and text."""
    assert box.stop() == 0
    lines = [json.loads(line) for line in box.log.read_text().splitlines()]
    assert all({"t", "level", "from", "text"} <= set(line) for line in lines)
