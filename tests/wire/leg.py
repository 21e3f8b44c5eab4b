"""Our side of one dialog with the box: a caller that a carrier brings, or a bound number that is rung."""

from __future__ import annotations

import contextlib
import re
import socket
import struct

from tests.wire.message import Address, Rows, Sip, bracketed, branch, fresh, response, sdp, write
from tests.wire.peer import PATIENCE, Peer

SDP_ROW = ("Content-Type", "application/sdp")
SILENCE = bytes([0xD5]) * 160
"""20 ms of A-law silence."""


class Leg:
    """One dialog. ``local`` and ``remote`` are our and the box's From or To values."""

    def __init__(self, peer: Peer, call_id: str, local: str, remote: str, target: str) -> None:
        self.peer = peer
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.target = target
        self.routes: list[str] = []
        self.cseq = 1
        self.sent: dict[str, bytes] = {}
        """The last request of each method, byte for byte."""
        self.invite: Sip | None = None
        """The box's INVITE, where it is the caller."""
        self.tag = fresh("t")
        self.rtp = _rtp_socket(peer.host)
        peer.belongings.append(self.rtp)
        self.remote_media: Address | None = None
        self._sequence = 0

    # beginning

    @classmethod
    def calls(
        cls, peer: Peer, number: str, caller: str, rows: Rows = (), body: bytes | None = None, **fields: str
    ) -> Leg:
        """Send an INVITE. ``body`` None is a usual offer, b"" none; ``fields``: uri, to, from_, via, method
        ... see :meth:`invitation`."""
        leg = cls.of(peer, number, caller)
        peer.send(leg.invitation(rows, body, **fields))
        return leg

    @classmethod
    def of(cls, peer: Peer, number: str, caller: str) -> Leg:
        """Prepare a call without sending anything."""
        host = bracketed(peer.box[0])
        target = f"sip:{number}@{host}:{peer.box[1]}"
        local = f"<sip:{caller}@{bracketed(peer.host)}>;tag={fresh('c')}"
        return cls(peer, fresh("call-"), local, f"<sip:{number}@{host}>", target)

    def invitation(self, rows: Rows = (), body: bytes | None = None, **fields: str) -> bytes:
        """Write the initial INVITE; ``fields`` replace uri, to, from_, via, contact."""
        body = self.offer() if body is None else body
        self.target = fields.get("uri", self.target)
        self.local = fields.get("from_", self.local)
        self.remote = fields.get("to", self.remote)
        via = fields.get("via") or self.peer.via(branch())
        data = write(
            f"INVITE {self.target} SIP/2.0",
            [
                ("Via", via),
                ("Max-Forwards", "70"),
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{self.cseq} INVITE"),
                ("Contact", fields.get("contact") or self.contact),
                *rows,
                *([SDP_ROW] if body and not any(name == "Content-Type" for name, _ in rows) else []),
            ],
            body,
        )
        self.sent["INVITE"] = data
        return data

    @classmethod
    def rung(cls, peer: Peer, number: str = "", seconds: float = PATIENCE) -> Leg:
        """Wait for the box's INVITE to this number, or to any."""

        def wanted(message: Sip) -> bool:
            if message.status or message.method != "INVITE" or message.tag("to"):
                return False
            return not number or re.match(rf"(?:sips?|tel):{number}[@;]", message.uri) is not None

        invite = peer.wait(wanted, f"INVITE to {number or 'anybody'}", seconds)
        return cls.to(peer, invite)

    @classmethod
    def to(cls, peer: Peer, invite: Sip) -> Leg:
        """Take an INVITE of the box."""
        leg = cls(peer, invite.call_id, "", invite["from"], invite.contact)
        leg.invite = invite
        leg.local = f"{invite['to']};tag={leg.tag}"
        leg.routes = invite.all("record-route")
        if invite.body:
            leg.remote_media = invite.media
        return leg

    # speaking

    @property
    def contact(self) -> str:
        """Our Contact."""
        parameter = "" if self.peer.transport == "UDP" else f";transport={self.peer.transport.lower()}"
        return f"<sip:us@{self.peer.authority}{parameter}>"

    @property
    def media(self) -> Address:
        """Where we hear audio."""
        name = self.rtp.getsockname()
        return name[0], name[1]

    def offer(self, **options: object) -> bytes:
        """Write our description; see :func:`sdp`."""
        return sdp(self.media, **options)  # type: ignore[arg-type]

    def request(self, method: str, rows: Rows = (), body: bytes = b"", *, cseq: int | None = None) -> bytes:
        """Write a request in the dialog, the next CSeq unless told otherwise."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        data = write(
            f"{method} {self.target} SIP/2.0",
            [
                ("Via", self.peer.via(branch())),
                ("Max-Forwards", "70"),
                *[("Route", route) for route in self.routes],
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{cseq} {method}"),
                *([("Contact", self.contact)] if method in ("INVITE", "UPDATE") else []),
                *rows,
                *([SDP_ROW] if body.startswith(b"v=0") else []),
            ],
            body,
        )
        self.sent[method] = data
        return data

    def send(self, method: str, rows: Rows = (), body: bytes = b"") -> None:
        """Send a request in the dialog."""
        self.peer.send(self.request(method, rows, body))

    def repeat(self, method: str) -> None:
        """Send the last request of a method again, byte for byte."""
        self.peer.send(self.sent[method])

    def cancel(self) -> None:
        """Send the CANCEL of our INVITE."""
        head = self.sent["INVITE"].decode("latin-1").split("\r\n\r\n")[0]
        uri = head.split(" ")[1]
        kept = [row.partition(": ")[::2] for row in head.split("\r\n")[1:]]
        rows = [
            (name, value) for name, value in kept if name in ("Via", "Max-Forwards", "From", "To", "Call-ID")
        ]
        self.sent["CANCEL"] = write(f"CANCEL {uri} SIP/2.0", [*rows, ("CSeq", f"{self.cseq} CANCEL")])
        self.peer.send(self.sent["CANCEL"])

    def ack(self, answer: Sip, body: bytes = b"") -> None:
        """Acknowledge a final answer to our INVITE (RFC 3261 13.2.2.4, 17.1.1.3)."""
        if answer.status < 300:
            self.settle(answer)
            self.peer.send(self.request("ACK", (), body, cseq=answer.cseq))
            return
        head = self.sent["INVITE"].decode("latin-1").split("\r\n")
        rows = [row.partition(": ")[::2] for row in head[1:]]
        via = next(value for name, value in rows if name == "Via")
        routes = [(name, value) for name, value in rows if name == "Route"]
        self.sent["ACK"] = write(
            f"ACK {head[0].split(' ')[1]} SIP/2.0",
            [
                ("Via", via),
                ("Max-Forwards", "70"),
                *routes,
                ("From", self.local),
                ("To", answer["to"]),
                ("Call-ID", self.call_id),
                ("CSeq", f"{answer.cseq} ACK"),
            ],
        )
        self.peer.send(self.sent["ACK"])

    def settle(self, answer: Sip) -> None:
        """Take tag, target and route set of the box's answer to our INVITE."""
        self.remote = answer["to"]
        self.target = answer.contact or self.target
        if answer.body:
            self.remote_media = answer.media

    def reply(
        self, status: int, rows: Rows = (), body: bytes = b"", *, to: Sip | None = None, tag: str = ""
    ) -> None:
        """Answer the box's INVITE, or another request of it. A 200 to its INVITE brings our description."""
        request = to or self.invite
        assert request is not None
        rows = list(rows)
        if request.method in ("INVITE", "UPDATE") and 100 < status < 300:
            rows.append(("Contact", self.contact))
        if request.method == "INVITE" and status == 200 and not body:
            body = self.offer()
        if body.startswith(b"v=0"):
            rows.append(SDP_ROW)
        self.peer.send(
            response(request, status, rows, body, tag="" if status == 100 else tag or self.tag), request
        )

    def answer(self, rows: Rows = ()) -> Sip:
        """Ring, answer, and return the box's ACK."""
        self.reply(180)
        self.reply(200, rows)
        return self.expect("ACK")

    # hearing

    def expect(self, what: str | int, method: str = "", seconds: float = PATIENCE) -> Sip:
        """Wait for a request (by method) or a response (by status, and to which method) of this dialog."""

        def wanted(message: Sip) -> bool:
            if message.call_id != self.call_id:
                return False
            if isinstance(what, int):
                return message.status == what and method in ("", message.method)
            return not message.status and message.method == what

        return self.peer.wait(wanted, f"{what} {method} of {self.call_id}", seconds)

    def final(self, method: str = "INVITE", seconds: float = PATIENCE) -> Sip:
        """Wait for the final answer to our last request of a method; a refused INVITE is acknowledged."""
        found = self.peer.wait(
            lambda message: (
                message.call_id == self.call_id
                and message.status >= 200
                and message.method == method
                and message.cseq == read_cseq(self.sent[method])
            ),
            f"a final answer to {method} of {self.call_id}",
            seconds,
        )
        if method == "INVITE" and found.status >= 300:
            self.ack(found)
        return found

    def up(self) -> Sip:
        """Wait for the 200 to our INVITE and acknowledge it."""
        found = self.final()
        assert found.status == 200, found
        self.ack(found)
        return found

    def hang_up(self) -> None:
        """Send BYE and wait for its 200."""
        self.send("BYE")
        assert self.final("BYE").status == 200

    def hung_up(self) -> Sip:
        """Wait for the box's BYE and answer it."""
        bye = self.expect("BYE")
        self.reply(200, to=bye)
        return bye

    # audio

    def talk(self, payload: bytes = SILENCE, payload_type: int = 8) -> None:
        """Send one packet of audio to the box."""
        assert self.remote_media is not None
        self.rtp.sendto(self.packet(payload, payload_type), self.remote_media)

    def packet(self, payload: bytes, payload_type: int = 8) -> bytes:
        """Write the next RTP packet."""
        self._sequence += 1
        head = struct.pack("!BBHII", 0x80, payload_type, self._sequence, self._sequence * 160, 0x1234)
        return head + payload

    def listen_for_audio(self, seconds: float) -> bytes:
        """Return the payload of the newest packet of audio, b"" when none came within so many seconds."""
        return self.hear(seconds)[1]

    def hear(self, seconds: float) -> tuple[int, bytes]:
        """Return payload type and payload of the newest packet, (-1, b"") when none came in time."""
        self.rtp.settimeout(seconds)
        data = b""
        with contextlib.suppress(OSError):
            data = self.rtp.recv(2048)
            self.rtp.setblocking(False)
            while True:
                data = self.rtp.recv(2048)
        return (data[1] & 0x7F, data[12:]) if data else (-1, b"")


def read_cseq(data: bytes) -> int:
    """Read the CSeq number of a request that we wrote."""
    found = re.search(rb"\r\nCSeq: (\d+)", data)
    assert found is not None
    return int(found.group(1))


def _rtp_socket(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made
