"""What b2bua and worker say to each other, and how ports are shared out."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.ports import MediaStats, Remote
from b2bua.media import protocol
from b2bua.media.relay import media_address, port_slices
from b2bua.media.sockets import PortPool
from domain.snapshot import ListenerSnapshot

PEER = protocol.Peer("192.0.2.1", 4000, "PCMA", 8, srtp_local_key=b"\x00\xff")
COMMANDS = [
    protocol.Start((20000, 29998), "spool", "prompts", dead_after=5.0),
    protocol.Open(1, "01CALL", "a", "127.0.0.1", record=True, srtp=True, port=20000, srtp_key=b"k"),
    protocol.Connect(1, PEER),
    protocol.Bridge(1, 2),
    protocol.Unbridge(1),
    protocol.Play(1, 2, ("abc", "def"), repeat=True, skip=1.5),
    protocol.Tone(1, 3, "busy"),
    protocol.Stop(1, 3),
    protocol.Listen(1, True),
    protocol.Record(1, "01CALL", "a"),
    protocol.HearSpeech(1, True, 5.0),
    protocol.SendKeys(1, "12#"),
    protocol.Close(1),
    protocol.Ping(),
]
NOTICES = [
    protocol.Opened(1, 20000, b"key"),
    protocol.Refused(1, "no port"),
    protocol.Key(1, "5"),
    protocol.Speech(1, True),
    protocol.Played(1, 2),
    protocol.Dead(1),
    protocol.PromptMissing(1, "abc"),
    protocol.SpoolFailed(1, "disk full"),
    protocol.Closed(1, protocol.Figures(1, 2, 3, 4.5, None, 4.4, 6)),
    protocol.Pong(1, 2, 3, 4.0),
]


@given(st.lists(st.integers(1, 300), max_size=30))
def test_frames_are_whole_however_the_stream_is_cut(cuts: list[int]) -> None:
    """Commands and notices come back as they were, in order."""
    for stream, messages in ((protocol.CommandStream(), COMMANDS), (protocol.NoticeStream(), NOTICES)):
        data = b"".join(map(protocol.frame, messages))
        found: list[object] = []
        for cut in [*cuts, len(data)]:
            found += stream.feed(data[:cut])
            data = data[cut:]
        assert found == messages


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x92\xa5Never\x01"])
def test_what_is_no_frame_is_an_error(body: bytes) -> None:
    """Each side ends the connection then."""
    data = struct.pack("!I", len(body)) + body
    for stream in (protocol.CommandStream(), protocol.NoticeStream()):
        with pytest.raises(protocol.FrameError):
            stream.feed(data)
    with pytest.raises(protocol.FrameError, match="bytes"):
        protocol.CommandStream().feed(b"\xff\xff\xff\xff")


def test_peer_and_figures_have_the_fields_of_the_port() -> None:
    """A field added to one is not forgotten in the other."""
    assert protocol.Peer.__struct_fields__ == Remote.__struct_fields__
    assert protocol.Figures.__struct_fields__ == MediaStats.__struct_fields__


def test_ports_are_shared_out_in_pairs() -> None:
    """No port twice, each slice begins even."""
    assert port_slices((20000, 20007), 2) == [(20000, 20003), (20004, 20007)]
    assert port_slices((20001, 20008), 3) == [(20002, 20003), (20004, 20005), (20006, 20007)]
    with pytest.raises(ValueError, match="too few"):
        port_slices((20000, 20003), 3)


def test_a_port_given_back_is_used_again_last() -> None:
    """So that late packets of the call before find nobody."""
    pool = PortPool([20000, 20002, 20004])
    taken = [pool.take(lambda port: None)[0] for _ in range(2)]
    pool.give_back(20000)
    assert taken == [20000, 20002]
    assert [pool.take(lambda port: None)[0] for _ in range(2)] == [20004, 20000]
    with pytest.raises(OSError, match="no port"):
        pool.take(lambda port: None)
    with pytest.raises(ValueError, match="not in"):
        pool.claim(20000)


@pytest.mark.parametrize(
    ("listener", "bind", "advertise"),
    [
        (ListenerSnapshot("x", bind="10.0.0.1"), "10.0.0.1", "10.0.0.1"),
        (ListenerSnapshot("x", bind="10.0.0.1", advertise="8.8.8.8"), "10.0.0.1", "8.8.8.8"),
        (ListenerSnapshot("x", bind="10.0.0.1", rtp_bind="10.0.0.2"), "10.0.0.2", "10.0.0.2"),
        (ListenerSnapshot("x", advertise="8.8.8.8", rtp_advertise="9.9.9.9"), "127.0.0.1", "9.9.9.9"),
    ],
)
def test_where_a_listeners_media_lives(listener: ListenerSnapshot, bind: str, advertise: str) -> None:
    """Own addresses for media, else those of SIP."""
    found = media_address(listener)
    assert (found.bind, found.advertise) == (bind, advertise)
