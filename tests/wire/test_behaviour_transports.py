"""TCP, TLS, IPv6 and SRTP on real sockets: streams cut anywhere, and whole calls over each of them."""

from __future__ import annotations

import base64
import os
import re
import ssl
from collections.abc import Callable
from functools import partial

import pylibsrtp
import pytest

from tests.wire.conftest import STRAIGHT, Wire, client_tls, options, server_tls
from tests.wire.leg import Leg
from tests.wire.message import fresh
from tests.wire.peer import Peer, StreamPeer, UdpPeer

OVER_TCP, SRTP, OVER_TLS, OVER_SIX = (f"40010037{n}" for n in (36, 37, 38, 39))


def answers(peer: Peer, count: int) -> None:
    """Wait for so many answers to OPTIONS."""
    for _ in range(count):
        assert peer.expect(200)["cseq"].endswith("OPTIONS")


# streams


def test_a_stream_cut_at_every_place(wire: Wire) -> None:
    """Whatever the boundary, each message is answered once (RFC 3261 18.3)."""
    peer = wire.tcp(wire.place.carrier)
    length = len(options(peer, fresh("cut-")))
    for at in range(1, length):
        data = options(peer, fresh("cut-"))
        peer.send(data[:at])
        peer.listen(0.001)
        peer.send(data[at:])
        if at % 50 == 0:
            answers(peer, 50)
    answers(peer, (length - 1) % 50)


def test_a_stream_byte_by_byte(wire: Wire) -> None:
    """A whole INVITE with its body, one octet a segment."""
    peer = wire.tcp(wire.place.carrier)
    caller = Leg.of(peer, STRAIGHT, wire.caller)
    for octet in caller.invitation():
        peer.send(bytes([octet]))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


def test_pipelined_requests(wire: Wire) -> None:
    """Fifty in one segment, with keep-alives between them: all answered, in their order."""
    peer = wire.tcp(wire.place.carrier)
    names = [fresh("pipe-") for _ in range(50)]
    peer.send(b"\r\n\r\n".join(options(peer, name) for name in names))
    heard = [peer.expect(200).call_id for _ in names]
    assert heard == names


def test_a_call_and_its_end_in_one_segment(wire: Wire) -> None:
    """INVITE and CANCEL pipelined: one call, given up."""
    peer = wire.tcp(wire.place.carrier)
    caller = Leg.of(peer, STRAIGHT, wire.caller)
    invite = caller.invitation()
    cancel = invite.split(b"\r\n\r\n")[0].replace(b"INVITE", b"CANCEL")
    cancel = re.sub(rb"\r\nContent-[A-Za-z]+: [^\r]*", b"", cancel) + b"\r\nContent-Length: 0\r\n\r\n"
    peer.send(invite + cancel)
    assert caller.expect(200, "CANCEL").status == 200
    assert caller.final().status == 487
    record = wire.record(caller)
    assert (record.hung_up_by, record.sip_status, record.access_ms) == ("caller", 487, 0), record
    leg = wire.gateway.find(lambda message: message.method == "INVITE")
    if leg is not None:  # it had left already
        callee = Leg.to(wire.gateway, leg)
        callee.reply(180)
        callee.reply(200, to=callee.expect("CANCEL"))
        callee.reply(487)
        callee.expect("ACK")


def test_a_keep_alive_is_answered(wire: Wire) -> None:
    """RFC 5626 3.5.1: CRLFCRLF gets CRLF."""
    peer = wire.tcp(wire.place.carrier)
    connection = peer.current
    assert connection is not None
    peer.send(b"\r\n\r\n")
    assert connection.recv(10) == b"\r\n"


def test_a_message_without_length_ends_its_connection(wire: Wire) -> None:
    """Over TCP Content-Length is mandatory (RFC 3261 18.3): 400, then the end."""
    peer = wire.tcp(wire.place.carrier)
    peer.send(options(peer, fresh("bare-")).replace(b"Content-Length: 0\r\n", b""))
    assert peer.expect(400).status == 400
    while peer.is_open:
        assert peer.listen(8), "the connection is still open"
    wire.ping()


def test_a_connection_that_ends_in_a_call(wire: Wire) -> None:
    """The caller's connection is lost; his call goes on and its end comes over a new one."""
    peer = wire.tcp(wire.place.carrier)
    caller = wire.call(peer=peer)
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    wire.talk(caller, callee)
    assert peer.current is not None
    peer.current.close()
    again = wire.tcp(wire.place.carrier)
    caller.peer = again
    caller.hang_up()
    callee.hung_up()
    wire.answered(caller)


# whole calls


def test_a_call_over_tcp_on_both_sides(wire: Wire) -> None:
    """A carrier that calls over TCP, a trunk that is called over TCP; the box opens that connection."""
    gateway = wire.tcp(wire.place.gateway, 5087, listens=True)
    peer = wire.tcp(wire.place.carrier)
    caller = wire.call(OVER_TCP, peer=peer)
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    assert callee.invite["via"].startswith("SIP/2.0/TCP ")
    assert "transport=tcp" in callee.invite["contact"]
    callee.answer()
    caller.up()
    wire.talk(caller, callee)
    callee.send("BYE")  # over the connection that the box has opened
    assert callee.final("BYE").status == 200
    caller.hung_up()
    wire.answered(caller, by="answerer")


def test_nobody_listens_at_the_tcp_trunk(wire: Wire) -> None:
    """The connection is refused: trunk down, at once."""
    caller = wire.call(OVER_TCP)
    assert caller.final().status == 503
    wire.free(caller, "trunk-down", "box", 503)


def test_a_call_over_tls_on_both_sides(wire: Wire) -> None:
    """Both certificates are checked, by us and by the box."""
    place = wire.place
    gateway = wire.tcp(place.gateway, 5089, listens=True, server_tls=server_tls(place.certificate, place.key))
    peer = wire.tcp(
        place.tlscarrier, box=(place.box, 5061), client_tls=client_tls(place.certificate), name=place.box
    )
    caller = wire.call(OVER_TLS, peer=peer)
    callee = Leg.rung(gateway, seconds=20)
    assert callee.invite is not None
    assert callee.invite["via"].startswith("SIP/2.0/TLS ")
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.trunk_in, record.trunk_out) == ("over-tls", "over-tls")


def test_old_tls_is_refused(wire: Wire) -> None:
    """TLS 1.1 gets no connection; the next one is served."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("NULL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        StreamPeer((wire.place.tlscarrier, 0), (wire.place.box, 5061), client_tls=old, name=wire.place.box)
    wire.ping()


def test_a_call_over_ipv6_on_both_sides(wire: Wire) -> None:
    """Signalling and audio; brackets where they belong."""
    box = ("::1", int(wire.place.sixport))
    gateway, peer = UdpPeer(("::1", int(wire.place.sixgateway)), box), UdpPeer(("::1", 0), box)
    wire.keep(gateway)
    wire.keep(peer)
    caller = wire.call(OVER_SIX, peer=peer)
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    assert f"[::1]:{wire.place.sixport}" in callee.invite["contact"]
    assert b"c=IN IP6 ::1\r\n" in callee.invite.body
    callee.answer()
    ok = caller.up()
    assert b"c=IN IP6 ::1\r\n" in ok.body
    record = wire.hang_up(caller, callee)
    assert (record.trunk_in, record.trunk_out) == ("over-six", "over-six")
    assert record.source.startswith("[::1]:") or record.source.startswith("::1")


def test_a_call_over_ipv6_and_tcp(wire: Wire) -> None:
    """From the same network, as a stream."""
    box = ("::1", int(wire.place.sixport))
    gateway = UdpPeer(("::1", int(wire.place.sixgateway)), box)
    wire.keep(gateway)
    caller = wire.call(OVER_SIX, peer=wire.tcp("::1", box=box))
    callee = Leg.rung(gateway)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


def test_a_call_between_ipv6_and_ipv4(wire: Wire) -> None:
    """The caller speaks IPv6, the bound number is behind a trunk of IPv4: the box stands between."""
    box = ("::1", int(wire.place.sixport))
    peer = UdpPeer(("::1", 0), box)
    wire.keep(peer)
    caller = wire.call(peer=peer)
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


# encrypted audio (RFC 4568)


class Keys:
    """SRTP of one side: its own key and the box's."""

    def __init__(self, suite: str = "AES_CM_128_HMAC_SHA1_80") -> None:
        self.suite = suite
        self.key = os.urandom(30)
        self._out = pylibsrtp.Session(self._policy(self.key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
        self._in: pylibsrtp.Session | None = None

    def _policy(self, key: bytes, direction: int) -> pylibsrtp.Policy:
        profile = getattr(
            pylibsrtp.Policy, "SRTP_PROFILE_" + self.suite.replace("AES_CM_128_HMAC", "AES128_CM")
        )
        return pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile)

    @property
    def line(self) -> str:
        """Our crypto attribute."""
        return f"a=crypto:1 {self.suite} inline:{base64.b64encode(self.key).decode()}"

    def take(self, description: bytes) -> None:
        """Take the box's key out of its description."""
        found = re.search(rb"a=crypto:\d+ (\S+) inline:([^|\s]+)", description)
        assert found is not None, description
        assert found.group(1).decode() == self.suite
        key = base64.b64decode(found.group(2))
        self._in = pylibsrtp.Session(self._policy(key, pylibsrtp.Policy.SSRC_ANY_INBOUND))

    def say(self, leg: Leg, payload: bytes) -> None:
        """Send one encrypted packet."""
        assert leg.remote_media is not None
        leg.rtp.sendto(self._out.protect(leg.packet(payload)), leg.remote_media)

    def hear(self, data: bytes) -> bytes:
        """Decrypt one packet and return its payload."""
        assert self._in is not None
        return bytes(self._in.unprotect(data))[12:]


def encrypted_offer(leg: Leg, keys: Keys, version: int = 1) -> bytes:
    """Write a description with a key."""
    return leg.offer(profile="RTP/SAVP", lines=[keys.line], version=version)


def test_a_trunk_with_encrypted_audio(wire: Wire) -> None:
    """The caller's audio is plain, the trunk's encrypted: each hears the other, and nothing plain leaves."""
    gateway = wire.udp(wire.place.gateway, 5088)
    caller = wire.call(SRTP)
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    assert b"RTP/SAVP " in callee.invite.body
    keys = Keys()
    keys.take(callee.invite.body)
    callee.reply(200, body=encrypted_offer(callee, keys))
    callee.expect("ACK")
    caller.up()
    converse(caller, callee, keys)
    caller.hang_up()
    callee.hung_up()
    wire.answered(caller)


@pytest.mark.parametrize("suite", ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"])
def test_a_carrier_that_offers_encrypted_audio(wire: Wire, suite: str) -> None:
    """Encrypted on both trunks, each with keys of its own; the carrier chooses its suite."""
    gateway = wire.udp(wire.place.gateway, 5088)
    ours, theirs = Keys(suite), Keys()
    caller = Leg.of(wire.udp(wire.place.secretive), SRTP, wire.caller)
    caller.peer.send(caller.invitation(body=encrypted_offer(caller, ours)))
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    theirs.take(callee.invite.body)
    callee.reply(200, body=encrypted_offer(callee, theirs))
    callee.expect("ACK")
    ours.take(caller.up().body)
    said = b"\x91" * 160
    for speaker, keys, listener, other in ((caller, ours, callee, theirs), (callee, theirs, caller, ours)):
        assert heard(partial(keys.say, speaker, said), listener, other.hear, said)
    caller.hang_up()
    callee.hung_up()
    wire.answered(caller)


def converse(caller: Leg, callee: Leg, keys: Keys) -> None:
    """Make sure that both hear each other, the callee encrypted."""
    said = b"\x91" * 160
    assert heard(lambda: caller.talk(said), callee, keys.hear, said)
    assert heard(lambda: keys.say(callee, said), caller, lambda data: data[12:], said)


def heard(say: Callable[[], None], listener: Leg, read: Callable[[bytes], bytes], said: bytes) -> bool:
    """Speak until the other side has heard it."""
    for _ in range(200):
        say()
        listener.rtp.settimeout(0.04)
        try:
            while True:
                data = listener.rtp.recv(2048)
                if read(data) == said:
                    return True
                listener.rtp.setblocking(False)
        except (BlockingIOError, TimeoutError):
            continue
    return False


def test_a_plain_offer_to_an_encrypted_trunk_is_plain(wire: Wire) -> None:
    """SRTP is a matter of each leg: a carrier of that trunk who offers plain audio is answered plainly."""
    gateway = wire.udp(wire.place.gateway, 5088)
    caller = wire.call(SRTP, peer=wire.udp(wire.place.secretive))
    callee = Leg.rung(gateway)
    keys = Keys()
    assert callee.invite is not None
    keys.take(callee.invite.body)
    callee.reply(200, body=encrypted_offer(callee, keys))
    callee.expect("ACK")
    assert b"RTP/AVP " in caller.up().body
    converse(caller, callee, keys)
    caller.hang_up()
    callee.hung_up()
    wire.answered(caller)
