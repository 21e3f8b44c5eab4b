"""CMPP 2.0 and 3.0 (中国移动 China Mobile Peer to Peer) as a service provider speaks it. Pure.

The frames are compared with those of bigwhite/gocmpp's tests (connect_test.go, submit_test.go,
deliver_test.go, receipt_test.go).
"""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

from b2bua.notices.arrived import Arrived
from b2bua.notices.dialect import BadFrame, Frame, Meaning
from b2bua.notices.segments import Segment, arrived
from domain.notices.ways import Gateway, GatewayKind

CONNECT: Final = 0x00000001
TERMINATE: Final = 0x00000002
SUBMIT: Final = 0x00000004
DELIVER: Final = 0x00000005
ACTIVE_TEST: Final = 0x00000008
ANSWER: Final = 0x80000000
VERSIONS: Final = {GatewayKind.CMPP2: 0x20, GatewayKind.CMPP3: 0x30}
_HEADER: Final = struct.Struct(">III")
_BEIJING: Final = timezone(timedelta(hours=8))
_UCS2: Final = 8
_BY_PROVIDER: Final = 2
"""Fee_UserType: the service provider pays."""
_FREE: Final = b"01"
_WHY: Final = {
    1: "invalid structure",
    2: "invalid command",
    3: "invalid sequence or source address",
    4: "invalid length or wrong secret",
    5: "version too high",
    6: "message too long",
    7: "invalid service id",
    8: "too many messages",
    9: "number not served",
    10: "invalid source number",
    13: "invalid destination",
}
_TOO_MANY: Final = 8
_OTHER_ERROR: Final = 9


class Terms(NamedTuple):
    """What a submission says besides the message."""

    service: str = ""
    report: int = 0
    """1: tell whether it reached the phone."""
    level: int = 0
    fee_user: int = _BY_PROVIDER
    fee_number: str = ""
    fee_type: bytes = _FREE
    fee_code: str = ""
    valid: str = ""


class Cmpp:
    """``Dialect`` of CMPP."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._third = gateway.kind is GatewayKind.CMPP3

    def sign_in(self, sequence: int, now: float) -> bytes:
        """Return CMPP_CONNECT."""
        stamp = int(datetime.fromtimestamp(now, _BEIJING).strftime("%m%d%H%M%S"))
        gateway = self._gateway
        return connect(sequence, gateway.username, gateway.password, stamp, VERSIONS[gateway.kind])

    def submit(self, sequence: int, to: str, segment: Segment, sender: str = "") -> bytes:
        """Return CMPP_SUBMIT in UCS-2."""
        gateway = self._gateway
        terms, number = Terms(gateway.app_id, report=1), sender or gateway.sender
        return submit(sequence, gateway.username, number, to, segment, terms, third=self._third)

    def probe(self, sequence: int) -> bytes:
        """Return CMPP_ACTIVE_TEST."""
        return _frame(ACTIVE_TEST, sequence)

    def sign_off(self, sequence: int) -> bytes:
        """Return CMPP_TERMINATE."""
        return _frame(TERMINATE, sequence)

    def read(self, frame: bytes) -> Frame:
        """Understand what the ISMG says."""
        if len(frame) < _HEADER.size:
            raise BadFrame("shorter than its header")
        _, command, sequence = _HEADER.unpack_from(frame)
        body = frame[_HEADER.size :]
        if command == CONNECT | ANSWER:
            return Frame(Meaning.SIGNED_IN, sequence, self._result(body))
        if command == SUBMIT | ANSWER:
            return Frame(Meaning.SUBMITTED, sequence, self._result(body[8:]), body[:8].hex())
        if command == ACTIVE_TEST | ANSWER:
            return Frame(Meaning.ALIVE, sequence)
        if command & ANSWER:
            return Frame(Meaning.OTHER, sequence)
        if command == ACTIVE_TEST:
            return Frame(Meaning.ASKED, sequence, answer=_frame(command | ANSWER, sequence, b"\0"))
        if command == DELIVER:
            taken, refusal = (
                _frame(command | ANSWER, sequence, body[:8].ljust(8, b"\0") + self._written(result))
                for result in (0, _OTHER_ERROR)
            )
            sms = self._arrived(body)
            if sms is None:
                receipt = receipt_in(body, third=self._third)
                return Frame(Meaning.ASKED, sequence, answer=taken, receipt=receipt)
            return Frame(Meaning.ARRIVED, sequence, answer=taken, sms=sms, refusal=refusal)
        if command == TERMINATE:
            return Frame(Meaning.CLOSING, sequence, answer=_frame(command | ANSWER, sequence))
        return Frame(Meaning.OTHER, sequence)

    def _arrived(self, body: bytes) -> Arrived | None:
        """Return the SMS of a CMPP_DELIVER; None for a delivery report, and for what is cut off."""
        width = 32 if self._third else 21
        head = 8 + 21 + 10 + 3 + width + (1 if self._third else 0)
        if len(body) < head + 2 or body[head]:
            return None
        content = body[head + 2 : head + 2 + body[head + 1]]
        to, sender = body[8:29], body[42 : 42 + width]
        return arrived(_text(sender), _text(to), content, body[41], has_header=body[40] == 1)

    def _written(self, result: int) -> bytes:
        return result.to_bytes(4 if self._third else 1, "big")

    def _result(self, body: bytes) -> int:
        """Read a status or result: one octet in CMPP 2.0, four in 3.0."""
        width = 4 if self._third else 1
        if len(body) < width:
            raise BadFrame("an answer without a result")
        return int.from_bytes(body[:width], "big")

    def why(self, status: int) -> str:
        """Name a result."""
        return f"CMPP {status} {_WHY.get(status, '')}".rstrip()

    def again(self, status: int) -> bool:
        """Tell whether the gateway was only busy."""
        return status == _TOO_MANY


def receipt_in(body: bytes, *, third: bool) -> tuple[str, str] | None:
    """Return id and state out of the body of a CMPP_DELIVER; None: it is no status report."""
    flag = 8 + 21 + 10 + 3 + (33 if third else 21)  # Msg_Id, Dest_Id, Service_Id, three octets, the source
    report = body[flag + 2 :]
    if body[flag : flag + 1] != b"\1" or len(report) < 15:
        return None
    return report[:8].hex(), report[8:15].rstrip(b"\0 ").decode("ascii", errors="replace")


def connect(sequence: int, source: str, secret: str, stamp: int, version: int) -> bytes:
    """Return CMPP_CONNECT; ``stamp``: MMDDHHMMSS as a number."""
    octets = source.encode("ascii") + b"\0" * 9 + secret.encode("ascii") + f"{stamp:010}".encode()
    proof = hashlib.md5(octets).digest()  # noqa: S324 the protocol's own
    return _frame(CONNECT, sequence, _fixed(source, 6) + proof + struct.pack(">BI", version, stamp))


def submit(
    sequence: int, source: str, number: str, to: str, segment: Segment, terms: Terms, *, third: bool
) -> bytes:
    """Return CMPP_SUBMIT of 3.0 (``third``) or 2.0 for one recipient."""
    width = 32 if third else 21
    body = bytes(8) + bytes((segment.total, segment.number, terms.report, terms.level))
    body += _fixed(terms.service, 10) + bytes((terms.fee_user,)) + _fixed(terms.fee_number, width)
    body += b"\0" if third else b""
    body += bytes((0, int(segment.total > 1), _UCS2)) + _fixed(source, 6) + terms.fee_type
    body += _fixed(terms.fee_code, 6) + _fixed(terms.valid, 17) + bytes(17) + _fixed(number, 21)
    body += b"\1" + _fixed(to, width) + (b"\0" if third else b"")
    body += bytes((len(segment.content),)) + segment.content + bytes(20 if third else 8)
    return _frame(SUBMIT, sequence, body)


def _frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, sequence) + body


def _fixed(text: str, width: int) -> bytes:
    return text.encode("ascii", errors="replace")[:width].ljust(width, b"\0")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("latin-1").strip()
