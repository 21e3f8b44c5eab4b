"""The SIP trace: kept in a bounded ring, read back by call, drawn as a ladder, exported for Wireshark."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from b2bua.sip.flow import Flow
from b2bua.trace import Trace
from b2bua.trace_frames import trace_files
from b2bua.trace_read import ladder, read_call, write_pcap

CALLER = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5070), "carrier")
PHONE = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.3", 5080), "carrier")
CALL = "01M3250V000000000000000001"


def request(method: str, call_id: str, *, body: bytes = b"") -> bytes:
    """Write a small request."""
    return (
        f"{method} sip:4001003721@127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bK1\r\n"
        f"From: <sip:1@127.0.0.2>;tag=1\r\nTo: <sip:2@127.0.0.1>\r\nCall-ID: {call_id}\r\n"
        f"CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def response(status: str, call_id: str, method: str = "INVITE") -> bytes:
    """Write a small response."""
    return (
        f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bK1\r\n"
        f"From: <sip:1@127.0.0.2>;tag=1\r\nTo: <sip:2@127.0.0.1>;tag=2\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


class Ticking:
    """UTC that goes on by a tenth of a second with each look."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def a_call(trace: Trace) -> None:
    """Trace a small call, and another one in between."""
    trace.belongs("peer-id", CALL, "a")
    trace.belongs("our-id", CALL, "b1")
    trace.belongs("other-id", "01M3250V000000000000000002", "a")
    trace.received(request("INVITE", "peer-id", body=b"v=0\r\n"), CALLER, "peer-id")
    trace.received(request("INVITE", "other-id"), CALLER, "other-id")
    trace.sent(request("INVITE", "our-id", body=b"v=0\r\n"), PHONE, "our-id")
    trace.received(response("180 Ringing", "our-id"), PHONE, "our-id")
    trace.sent(response("180 Ringing", "peer-id"), CALLER, "peer-id")
    trace.sent(response("200 OK", "peer-id", "BYE"), CALLER, "peer-id")
    trace.flush()


def test_a_calls_messages_come_back_in_order_without_those_of_others(tmp_path: Path) -> None:
    """Each with its leg, direction and addresses."""
    trace = Trace(tmp_path, Ticking())
    a_call(trace)
    trace.close()
    messages = read_call(tmp_path, CALL)
    assert [(m.leg, m.sent, m.first_line.split(" ")[0]) for m in messages] == [
        ("a", False, "INVITE"),
        ("b1", True, "INVITE"),
        ("b1", False, "SIP/2.0"),
        ("a", True, "SIP/2.0"),
        ("a", True, "SIP/2.0"),
    ]
    assert messages[1].remote == ("127.0.0.3", 5080)
    assert read_call(tmp_path, "01UNKNOWN") == []


def test_the_ladder_shows_caller_box_and_leg(tmp_path: Path) -> None:
    """Readable in a terminal."""
    trace = Trace(tmp_path, Ticking())
    a_call(trace)
    trace.close()
    text = ladder(read_call(tmp_path, CALL))
    lines = [line.rstrip() for line in text.split("\n")]
    assert lines[0].split() == ["caller", "box400", "b1"]
    assert "INVITE +SDP" in lines[2]
    assert lines[2].index("▶") < lines[3].index("▶")
    assert "180 Ringing" in lines[4]
    assert "◀" in lines[4]
    assert "200 OK (BYE)" in lines[6]
    assert lines[-1] == "5 messages in 0.500 s"
    assert ladder([]) == ""


def test_control_characters_of_a_hostile_peer_never_reach_the_terminal(tmp_path: Path) -> None:
    """A start line may hold anything."""
    trace = Trace(tmp_path, Ticking())
    trace.belongs("peer-id", CALL, "a")
    trace.received(b"INVITE\x1b[2J sip:x SIP/2.0\r\n\r\n", CALLER, "peer-id")
    trace.close()
    assert "\x1b" not in ladder(read_call(tmp_path, CALL))


def test_the_ring_is_bounded_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The oldest file goes when a new one begins."""
    for _ in range(2):
        trace = Trace(tmp_path, Ticking(), total=40_000, files=4)
        for number in range(200):
            trace.received(request("INVITE", f"id-{number}"), CALLER, f"id-{number}")
            trace.flush()
        trace.close()
    files = trace_files(tmp_path)
    assert len(files) == 4
    assert sum(path.stat().st_size for path in files) <= 40_000
    assert files == sorted(files, key=lambda path: int(path.stem))


def test_half_a_frame_at_the_end_of_a_file_is_left_out(tmp_path: Path) -> None:
    """The process was killed while it wrote."""
    trace = Trace(tmp_path, Ticking())
    a_call(trace)
    trace.close()
    (path,) = trace_files(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    assert len(read_call(tmp_path, CALL)) == 4


@pytest.mark.parametrize("hosts", [("127.0.0.1", "127.0.0.2"), ("::1", "fd00::2")])
def test_wireshark_reads_the_export(tmp_path: Path, hosts: tuple[str, str]) -> None:
    """Right addresses, ports, checksums, and SIP inside."""
    flow = Flow("udp", (hosts[0], 5060), (hosts[1], 5070), "carrier")
    trace = Trace(tmp_path, Ticking())
    trace.belongs("peer-id", CALL, "a")
    trace.received(request("INVITE", "peer-id"), flow, "peer-id")
    trace.sent(response("486 Busy Here", "peer-id"), flow, "peer-id")
    trace.close()
    buffer = io.BytesIO()
    write_pcap(read_call(tmp_path, CALL), buffer)
    data = buffer.getvalue()
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    assert data.count(b"Call-ID: peer-id") == 2
    tshark = shutil.which("tshark")
    if tshark is not None:
        file = tmp_path / "call.pcap"
        file.write_bytes(data)
        fields = ["frame.number", "udp.srcport", "udp.dstport", "sip.Method", "sip.Status-Code"]
        seen = subprocess.run(
            [tshark, "-o", "udp.check_checksum:TRUE", "-r", str(file), "-T", "fields"]
            + [word for field in [*fields, "udp.checksum.status"] for word in ("-e", field)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert [line.split("\t") for line in seen.splitlines()] == [
            ["1", "5070", "5060", "INVITE", "", "1"],
            ["2", "5060", "5070", "", "486", "1"],
        ]
