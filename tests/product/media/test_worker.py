"""What a media worker does on the wire."""

from __future__ import annotations

import errno
import secrets
import socket
import struct
from collections.abc import Callable

import pytest

from b2bua.media import protocol, rtcp
from b2bua.media.g711 import ALAW_TO_ULAW
from b2bua.media.spool import read_spool
from b2bua.media.srtp import Crypto
from b2bua.media.telephone_event import event_payload
from b2bua.media.tones import tone
from tests.product.media.wire import Phone, Worker, address

Phones = Callable[..., Phone]
Workers = Callable[..., Worker]
Call = tuple[Phone, Phone]


def audio(number: int) -> bytes:
    """Return a packet's worth of audio that is like no other."""
    return struct.pack("!I", number) * 40


def spoken(words: str) -> bytes:
    """Return a packet's worth of these words."""
    return words.encode().ljust(160, b"\xd5")


def test_a_call_is_heard_both_ways_and_recorded(worker: Worker, call: Call) -> None:
    """Audio each way, unbroken; each side's own words in its own spool."""
    caller, callee = call
    for number in range(50):
        caller.send(audio(number))
        callee.send(audio(1000 + number))
        assert callee.hear()[4] == audio(number)
        assert caller.hear()[4] == audio(1000 + number)
    for number in (1, 2):
        figures = worker.close(number)
        assert (figures.packets_in, figures.packets_out, figures.lost) == (50, 50, 0)
        assert figures.mos is not None
        assert figures.mos > 4
    for leg, first in (("a", 0), ("b1", 1000)):
        (segment,) = read_spool(worker.spool / "01CALL" / f"{leg}.spool")
        assert segment.closed
        assert [packet.payload for packet in segment.packets] == [audio(first + each) for each in range(50)]
        assert segment.formats[0][1] == {0: ("PCMU", 8000), 8: ("PCMA", 8000), 101: ("telephone-event", 8000)}


def test_a_recording_is_stopped_and_the_call_goes_on(worker: Worker, call: Call) -> None:
    """What was said before is kept, whole; what comes later is heard and not spooled."""
    caller, callee = call
    for number in range(50):
        if number == 30:
            worker.tell(protocol.StopRecording(1), protocol.StopRecording(1))
            worker.settle()
        caller.send(audio(number))
        assert callee.hear()[4] == audio(number)
    assert worker.close(1).packets_in == 50
    (segment,) = read_spool(worker.spool / "01CALL" / "a.spool")
    assert segment.closed
    assert [packet.payload for packet in segment.packets] == [audio(each) for each in range(30)]


def test_ports_are_even_and_their_own(worker: Worker) -> None:
    """RTP even, RTCP one above; nobody else can bind them; free again after the end."""
    port = worker.open(1).port
    assert port % 2 == 0
    for taken in (port, port + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use") as refused:
                other.bind((worker.host, taken))
            assert refused.value.errno == errno.EADDRINUSE
    worker.close(1)
    for free in (port, port + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((worker.host, free))


def test_strangers_are_dropped_and_counted(worker: Worker, call: Call, phone: Phones) -> None:
    """Before and after the peer has spoken, on RTP and RTCP."""
    caller, callee = call
    stranger = phone()
    stranger.aim(*caller.target)
    stranger.send(spoken("stranger"))
    caller.send(spoken("caller one"))
    stranger.send(spoken("stranger"))
    stranger.rtcp.sendto(b"\x80\xc9\x00\x01abcd", (worker.host, caller.target[1] + 1))
    caller.send(spoken("caller two"))
    assert [callee.hear()[4], callee.hear()[4]] == [spoken("caller one"), spoken("caller two")]
    worker.settle()
    figures = worker.close(1)
    assert (figures.packets_in, figures.strangers) == (2, 3)


def test_a_peer_may_send_from_another_port_than_it_names(worker: Worker, phone: Phones) -> None:
    """Its address is the one in SDP; it is answered where it sends from."""
    real = phone()
    worker.tell(protocol.Connect(1, real.peer())) if worker.open(1).port else None
    port = worker.open(2).port
    named = phone(real.host)
    worker.tell(protocol.Connect(2, named.peer()))
    real.aim(worker.host, port)
    worker.settle()
    real.send()
    worker.tell(protocol.Tone(2, 1, "busy"))
    assert len(real.hear()[4]) == 160


def test_behind_nat_the_first_sender_is_the_peer(worker: Worker, phone: Phones) -> None:
    """SDP names a private address; media goes where it comes from."""
    near, far, late = phone(), phone(), phone()
    port = worker.open(1).port
    worker.tell(protocol.Connect(1, protocol.Peer("192.168.200.200", 4000, "PCMA", 8)))
    near.aim(worker.host, port)
    late.aim(worker.host, port)
    far.aim(worker.host, worker.open(2).port)
    worker.tell(protocol.Connect(2, far.peer()), protocol.Bridge(1, 2))
    worker.settle()
    near.send(spoken("phone"))
    assert far.hear()[4] == spoken("phone")
    late.send(spoken("late"))
    near.send(spoken("phone again"))
    assert far.hear()[4] == spoken("phone again")
    far.send(spoken("answer"))
    assert near.hear()[4] == spoken("answer")


def test_a_new_address_in_a_re_invite_is_followed(worker: Worker, call: Call, phone: Phones) -> None:
    """The old address is a stranger from then on; the stream to the new one goes on."""
    caller, callee = call
    caller.send(spoken("old"))
    callee.send(spoken("before"))
    before = caller.hear()
    assert callee.hear()[4] == spoken("old")
    moved = phone()
    moved.aim(*caller.target)
    worker.tell(protocol.Connect(1, moved.peer()))
    worker.settle()
    callee.send(spoken("after"))
    after = moved.hear()
    assert (after[1], after[3], after[4]) == (before[1] + 1 & 0xFFFF, before[3], spoken("after"))
    caller.send(spoken("old"))
    moved.send(spoken("new"))
    assert callee.hear()[4] == spoken("new")
    worker.settle()
    assert worker.close(1).strangers == 1


def test_hold_and_resume(worker: Worker, call: Call) -> None:
    """On hold the peer gets nothing, though he may play his own music; then the same stream goes on."""
    caller, callee = call
    callee.send(audio(1))
    first = caller.hear()
    worker.tell(protocol.Connect(1, caller.peer(sending=False)))
    worker.settle()
    callee.send(audio(2))
    caller.send(spoken("music of the caller"))
    assert callee.hear()[4] == spoken("music of the caller")
    worker.tell(protocol.Connect(1, caller.peer()))
    worker.settle()
    callee.send(audio(3))
    resumed = caller.hear()
    assert (resumed[1], resumed[4]) == (first[1] + 1 & 0xFFFF, audio(3))


def test_laws_and_packet_times_differ_per_leg(worker: Worker, phone: Phones) -> None:
    """PCMA in 30 ms on one side, PCMU in 20 ms on the other."""
    caller, callee = phone(), phone()
    caller.aim(worker.host, worker.open(1).port)
    callee.aim(worker.host, worker.open(2).port)
    worker.tell(
        protocol.Connect(1, caller.peer(ptime=30)),
        protocol.Connect(2, callee.peer("PCMU", 0)),
        protocol.Bridge(1, 2),
    )
    worker.settle()
    words = secrets.token_bytes(480)
    caller.send(words[:240])
    caller.send(words[240:])
    heard = [callee.hear() for _ in range(3)]
    assert b"".join(each[4] for each in heard) == words.translate(ALAW_TO_ULAW)
    assert [each[0] for each in heard] == [0, 0, 0]


def test_prompts_play_one_after_the_other_and_then_say_so(worker: Worker, phone: Phones) -> None:
    """Each 20 ms of them; at the end a notice."""
    first, second = secrets.token_bytes(1600), secrets.token_bytes(800)
    (worker.directory / "prompts" / "one.alaw").write_bytes(first)
    (worker.directory / "prompts" / "two.alaw").write_bytes(second)
    caller = phone()
    caller.aim(worker.host, worker.open(1).port)
    worker.tell(protocol.Connect(1, caller.peer()), protocol.Play(1, 7, ("one", "two")))
    assert b"".join(caller.hear()[4] for _ in range(15)) == first + second
    assert worker.hear(protocol.Played) == protocol.Played(1, 7)


def test_a_missing_prompt_is_told_and_the_call_goes_on(worker: Worker, phone: Phones) -> None:
    """Whose fault it is can be read in the log; the play ends without it."""
    caller = phone()
    worker.open(1)
    worker.tell(protocol.Connect(1, caller.peer()), protocol.Play(1, 7, ("nowhere",)))
    assert worker.hear(protocol.PromptMissing) == protocol.PromptMissing(1, "nowhere")
    assert worker.hear(protocol.Played) == protocol.Played(1, 7)


def test_a_prompt_stops_at_once_and_the_bridge_goes_on(worker: Worker, call: Call) -> None:
    """An announcement to one side of a bridge: he hears it instead of the other, who hears him still."""
    caller, callee = call
    (worker.directory / "prompts" / "long.alaw").write_bytes(b"\x11" * 80_000)
    worker.tell(protocol.Play(1, 3, ("long",), repeat=True))
    assert caller.hear()[4] == b"\x11" * 160
    caller.send(audio(1))
    assert callee.hear()[4] == audio(1)
    callee.send(audio(2))
    worker.tell(protocol.Stop(1, 3))
    worker.settle()
    callee.send(audio(3))
    heard = caller.hear_until(lambda payload: payload == audio(3))
    assert {each[4] for each in heard[:-1]} <= {b"\x11" * 160}
    assert len({each[3] for each in heard}) == 1
    assert heard[-1][1] == heard[0][1] + len(heard) - 1 & 0xFFFF


def test_ringback_until_the_bridge(worker: Worker, phone: Phones) -> None:
    """The caller hears the tone, then who answered, as one stream."""
    caller, callee = phone(), phone()
    caller.aim(worker.host, worker.open(1).port)
    worker.tell(protocol.Connect(1, caller.peer("PCMU", 0)), protocol.Tone(1, 1, "ringback"))
    expected = tone("ringback", "PCMU")
    heard = [caller.hear() for _ in range(5)]
    assert b"".join(each[4] for each in heard) == expected[:800]
    callee.aim(worker.host, worker.open(2).port)
    worker.tell(protocol.Connect(2, callee.peer("PCMU", 0)), protocol.Bridge(1, 2))
    worker.settle()
    callee.send(audio(9), 0)
    heard = caller.hear_until(lambda payload: payload == audio(9))
    assert len({each[3] for each in heard}) == 1


def test_keys_are_reported_once_and_passed_on(worker: Worker, call: Call) -> None:
    """A press of eight packets is one key; the other side gets the event."""
    caller, callee = call
    start = caller.timestamp
    for each in range(8):
        payload = event_payload("5", each > 4, 160 * min(each + 1, 5))
        caller.send_raw(payload, 101, caller.sequence + 1 + each, start, each == 0)
    caller.sequence += 8
    assert [callee.hear()[0] for _ in range(8)] == [101] * 8
    caller.send(audio(1))
    assert callee.hear()[4] == audio(1)
    assert worker.hear(protocol.Key) == protocol.Key(1, "5")
    worker.tell(protocol.Ping())
    assert isinstance(worker.hear(protocol.Notice), protocol.Pong)


def test_keys_as_tones_for_who_knows_no_events(worker: Worker, phone: Phones) -> None:
    """A tone from one worker is a key to another leg that listens."""
    sender, listener = phone(), phone()
    sender.aim(worker.host, worker.open(1).port)
    listener.aim(worker.host, worker.open(2).port)
    worker.tell(
        protocol.Connect(1, sender.peer()), protocol.Connect(2, listener.peer()), protocol.Listen(2, True)
    )
    worker.tell(protocol.SendKeys(1, "4*"))
    for _ in range(20):
        listener.send(sender.hear()[4])
    assert [worker.hear(protocol.Key), worker.hear(protocol.Key)] == [
        protocol.Key(2, "4"),
        protocol.Key(2, "*"),
    ]


def test_a_silent_peer_is_dead_after_a_while(start: Workers, phone: Phones) -> None:
    """Told once; who is on hold is not missed."""
    worker = start(dead_after=0.3)
    silent, held = phone(), phone()
    for number in (1, 2):
        worker.open(number)
    worker.tell(protocol.Connect(1, silent.peer()), protocol.Connect(2, held.peer(receiving=False)))
    assert worker.hear(protocol.Dead) == protocol.Dead(1)
    assert worker.stop() == 0


def test_reports_go_both_ways(worker: Worker, call: Call) -> None:
    """The peer is told what we lost; from his report we learn the round trip."""
    caller, callee = call
    for number in range(5):
        caller.send(audio(number))
        callee.send(audio(number))
        caller.hear()
    told: list[rtcp.Report] = []
    while not told or told[0].sender is None:
        told = rtcp.parse(caller.rtcp.recv(2048))
    (report,) = told
    assert report.sender is not None
    assert report.sender.packets == 5
    assert report.blocks[0].ssrc == caller.ssrc
    assert (report.blocks[0].lost, report.blocks[0].highest & 0xFFFF) == (0, caller.sequence)
    block = rtcp.Block(report.ssrc, 0, 0, 0, 0, rtcp.middle(report.sender.ntp), 0)
    answer = rtcp.report(caller.ssrc, None, (block,)) + rtcp.description(caller.ssrc, b"caller")
    caller.rtcp.sendto(answer, (worker.host, caller.target[1] + 1))
    worker.settle()
    trip = worker.close(1).round_trip_ms
    while b"\x81\xcb\x00\x01" + report.ssrc.to_bytes(4, "big") != caller.rtcp.recv(2048)[-8:]:
        pass
    assert trip is not None
    assert 0 <= trip < 5000


@pytest.mark.parametrize("suite", ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"])
def test_srtp_on_one_leg_and_none_on_the_other(worker: Worker, phone: Phones, suite: str) -> None:
    """The phone's leg is encrypted both ways both ways, the trunk's is not; the recording is in plain."""
    caller, callee = phone(), phone()
    opened = worker.open(1, srtp=True, record=True)
    assert len(opened.srtp_key) == 30
    theirs = secrets.token_bytes(30)
    caller.aim(worker.host, opened.port)
    callee.aim(worker.host, worker.open(2).port)
    caller.crypto = Crypto(theirs, opened.srtp_key, suite)
    worker.tell(
        protocol.Connect(1, caller.peer(srtp_remote_key=theirs, srtp_suite=suite)),
        protocol.Connect(2, callee.peer()),
        protocol.Bridge(1, 2),
    )
    worker.settle()
    caller.send(audio(1))
    assert callee.hear()[4] == audio(1)
    callee.send(audio(2))
    packet = caller.rtp.recv(2048)
    assert audio(2) not in packet
    assert caller.crypto._inbound.unprotect(packet)[12:] == audio(2)
    plain = phone(caller.host)
    plain.aim(*caller.target)
    plain.send(spoken("in plain"))
    caller.send(audio(3))
    assert callee.hear()[4] == audio(3)
    worker.close(1)
    (segment,) = read_spool(worker.spool / "01CALL" / "a.spool")
    assert [each.payload for each in segment.packets] == [audio(1), audio(3)]


def test_ipv6(worker: Worker, phone: Phones) -> None:
    """One leg over IPv6, the other over IPv4."""
    caller, callee = phone("::1"), phone()
    worker.tell(protocol.Open(1, "01CALL", "a", "::1"))
    caller.aim("::1", worker.hear(protocol.Opened).port)
    callee.aim(worker.host, worker.open(2).port)
    worker.tell(protocol.Connect(1, caller.peer()), protocol.Connect(2, callee.peer()), protocol.Bridge(1, 2))
    worker.settle()
    caller.send(audio(1))
    assert callee.hear()[4] == audio(1)
    callee.send(audio(2))
    assert caller.hear()[4] == audio(2)


def test_a_replacement_takes_the_same_port_and_appends_to_the_spool(start: Workers, phone: Phones) -> None:
    """Killed without a warning: the call goes on, and the recording with it."""
    host = address()
    caller, callee = phone(), phone()
    ports = [0, 0]
    for life in range(2):
        worker = start(host)
        for number, end in enumerate((caller, callee), 1):
            ports[number - 1] = worker.open(number, record=True, port=ports[number - 1]).port
            end.aim(host, ports[number - 1])
            worker.tell(protocol.Connect(number, end.peer()))
        worker.tell(protocol.Bridge(1, 2))
        worker.settle()
        caller.send(audio(life))
        heard = callee.hear()
        assert heard[4] == audio(life)
        if life == 0:
            written = worker.spool / "01CALL" / "a.spool"
            while not (written.exists() and written.stat().st_size):
                caller.send(audio(life))
                callee.hear()
            worker.kill()
    worker.close(1)
    assert worker.stop() == 0
    first, second = read_spool(worker.spool / "01CALL" / "a.spool")
    assert not first.closed
    assert second.closed
    assert first.packets[0].payload == audio(0)
    assert second.packets[0].payload == audio(1)


def test_a_message_begins_in_mid_call_and_ends_by_silence(start: Workers, phone: Phones) -> None:
    """From ``Record`` on the peer is spooled; that he speaks and falls silent is told, each once."""
    worker = start()
    caller = phone()
    caller.aim(worker.host, worker.open(1).port)
    worker.tell(protocol.Connect(1, caller.peer()))
    worker.settle()
    caller.send(audio(1))
    while worker.settle().packets < 1:
        pass
    worker.tell(protocol.Record(1, "01CALL", "a"), protocol.HearSpeech(1, True, 0.5))
    worker.settle()
    loud = bytes([0x2A]) * 160
    for _ in range(6):
        caller.send(loud)
    assert worker.hear(protocol.Speech).on
    assert not worker.hear(protocol.Speech).on
    worker.close(1)
    assert worker.stop() == 0
    (segment,) = read_spool(worker.spool / "01CALL" / "a.spool")
    assert {each.payload for each in segment.packets} == {loud}
    assert segment.formats[0][1][8] == ("PCMA", 8000)
    assert segment.closed


def test_what_is_recorded_is_written_when_the_b2bua_is_gone(start: Workers, phone: Phones) -> None:
    """The control socket closes: spools are flushed, the process ends."""
    worker = start()
    caller = phone()
    caller.aim(worker.host, worker.open(1, record=True).port)
    worker.tell(protocol.Connect(1, caller.peer()), protocol.Tone(1, 1, "busy"))
    caller.hear()
    caller.send(audio(1))
    while worker.settle().packets < 1:
        pass
    assert worker.stop() == 0
    (segment,) = read_spool(worker.spool / "01CALL" / "a.spool")
    assert [each.payload for each in segment.packets] == [audio(1)]


def test_a_full_disk_stops_the_recording_only(start: Workers, phone: Phones) -> None:
    """A spool that cannot be written is told; audio passes on."""
    worker = start()
    (worker.spool / "01CALL").write_bytes(b"a file where a directory should be")
    caller, callee = phone(), phone()
    caller.aim(worker.host, worker.open(1, record=True).port)
    callee.aim(worker.host, worker.open(2).port)
    worker.tell(protocol.Connect(1, caller.peer()), protocol.Connect(2, callee.peer()), protocol.Bridge(1, 2))
    worker.settle()
    caller.send(audio(1))
    failed = worker.hear(protocol.SpoolFailed)
    assert failed.endpoint == 1
    assert callee.hear()[4] == audio(1)
    caller.send(audio(2))
    assert callee.hear()[4] == audio(2)
    assert worker.close(1).packets_in == 2
    assert worker.stop() == 0


def test_when_no_port_is_free_it_says_so(worker: Worker) -> None:
    """The b2bua refuses the call then."""
    worker.tell(protocol.Start((20000, 20003), str(worker.spool), str(worker.spool)))
    worker.open(1)
    worker.open(2)
    worker.tell(protocol.Open(3, "01CALL", "b2", worker.host))
    assert "no port" in worker.hear(protocol.Refused, 3).reason
    worker.tell(protocol.Open(4, "01CALL", "b3", "192.0.2.1"))
    worker.hear(protocol.Refused, 4)


def test_a_reserved_port_is_ready_and_has_heard_nothing(worker: Worker, phone: Phones) -> None:
    """Its ``Open`` is not answered; who sent before is not taken for the peer, even behind NAT."""
    worker.tell(protocol.Reserve(worker.host, 2))
    ports = worker.hear(protocol.Reserved).ports
    assert len(set(ports)) == 2
    early, near, far = phone(), phone(), phone()
    for each in (early, near):
        each.aim(worker.host, ports[0])
    early.send(spoken("a call of before"))
    far.aim(worker.host, ports[1])
    worker.tell(
        protocol.Open(1, "01CALL", "a", worker.host, port=ports[0]),
        protocol.Connect(1, protocol.Peer("192.168.200.200", 4000, "PCMA", 8)),
        protocol.Open(2, "01CALL", "b1", worker.host, port=ports[1]),
        protocol.Connect(2, far.peer()),
        protocol.Bridge(1, 2),
    )
    assert worker.settle().endpoints == 2
    near.send(spoken("phone"))
    assert far.hear()[4] == spoken("phone")
    assert worker.close(1).strangers == 0


def test_what_is_reserved_can_be_released(worker: Worker) -> None:
    """Never more than an eighth of what is free is held back; others may bind what was released."""
    worker.tell(protocol.Start((20000, 20063), str(worker.spool), str(worker.spool)))
    worker.tell(protocol.Reserve(worker.host, 12))
    ports = worker.hear(protocol.Reserved).ports
    assert len(ports) == 4
    worker.tell(protocol.Reserve(worker.host, 0))
    assert worker.settle().endpoints == 0
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((worker.host, port))


def test_a_command_for_a_closed_endpoint_is_too_late(worker: Worker) -> None:
    """Both sides may end a call at once."""
    worker.open(1)
    worker.close(1)
    worker.tell(protocol.Bridge(1, 2), protocol.SendKeys(1, "1"), protocol.Close(1))
    assert worker.settle().endpoints == 0
