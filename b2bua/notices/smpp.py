"""SMPP 3.4 as a client speaks it (Short Message Peer to Peer Protocol Specification v3.4). Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from b2bua.notices.arrived import Arrived
from b2bua.notices.dialect import BadFrame, Frame, Meaning
from b2bua.notices.segments import Segment, arrived
from domain.notices.ways import Gateway

BIND_TRANSCEIVER: Final = 0x00000009
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
ENQUIRE_LINK: Final = 0x00000015
GENERIC_NACK: Final = 0x80000000
ANSWER: Final = 0x80000000
_HEADER: Final = struct.Struct(">IIII")
_VERSION: Final = 0x34
_UCS2: Final = 8
_UDH: Final = 0x40
_WITH_RECEIPT: Final = 1
"""registered_delivery: tell whether it reached the phone."""
_RECEIPT: Final = 0x04
"""esm_class of a receipt, among the bits of :data:`_KINDS`."""
_KINDS: Final = 0x3C
_RECEIPTED_ID: Final = 0x001E
_STATE: Final = 0x0427
_STATES: Final = (
    "SCHEDUL", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"
)  # fmt: skip
"""message_state as the text of a receipt says it."""
_RECEIPT_TEXT: Final = re.compile(rb"id:([\x21-\x7e]{1,64}) .*?stat:([A-Za-z]{1,10})", re.DOTALL)
_WHY: Final = {
    0x03: "invalid command id",
    0x04: "wrong bind status",
    0x05: "already bound",
    0x08: "system error",
    0x0A: "invalid source address",
    0x0B: "invalid destination",
    0x0D: "bind failed",
    0x0E: "wrong password",
    0x0F: "wrong system_id",
    0x14: "queue full",
    0x45: "submit failed",
    0x58: "throttled",
}
_LATER: Final = frozenset((0x08, 0x14, 0x58, 0x65))
_REJECTED: Final = 0x03
_SYSTEM_ERROR: Final = 0x08
_NO_SMS: Final = 0x3C
"""Message type bits of esm_class: anything but an SMS of somebody."""


class Smpp:
    """``Dialect`` of SMPP 3.4, bound as transceiver."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def sign_in(self, sequence: int, now: float) -> bytes:
        """Return bind_transceiver."""
        gateway = self._gateway
        texts = (gateway.username, gateway.password, gateway.app_id)
        return _frame(
            BIND_TRANSCEIVER, sequence, b"".join(map(_c_text, texts)) + bytes((_VERSION, 0, 0)) + b"\0"
        )

    def submit(self, sequence: int, to: str, segment: Segment, sender: str = "") -> bytes:
        """Return submit_sm in UCS-2."""
        body = b"\0" + bytes((0, 0)) + _c_text(sender or self._gateway.sender) + bytes((0, 0)) + _c_text(to)
        body += bytes((_UDH if segment.total > 1 else 0, 0, 0)) + b"\0\0"
        body += bytes((_WITH_RECEIPT, 0, _UCS2, 0, len(segment.content))) + segment.content
        return _frame(SUBMIT_SM, sequence, body)

    def probe(self, sequence: int) -> bytes:
        """Return enquire_link."""
        return _frame(ENQUIRE_LINK, sequence)

    def sign_off(self, sequence: int) -> bytes:
        """Return unbind."""
        return _frame(UNBIND, sequence)

    def read(self, frame: bytes) -> Frame:
        """Understand what the message centre says."""
        if len(frame) < _HEADER.size:
            raise BadFrame("shorter than its header")
        _, command, status, sequence = _HEADER.unpack_from(frame)
        body = frame[_HEADER.size :]
        if command == BIND_TRANSCEIVER | ANSWER:
            return Frame(Meaning.SIGNED_IN, sequence, status)
        if command == SUBMIT_SM | ANSWER:
            return Frame(Meaning.SUBMITTED, sequence, status, body.split(b"\0", 1)[0].decode("latin-1"))
        if command == ENQUIRE_LINK | ANSWER:
            return Frame(Meaning.ALIVE, sequence, status)
        if command == GENERIC_NACK:
            return Frame(Meaning.SUBMITTED, sequence, status or _REJECTED)
        if command & ANSWER:
            return Frame(Meaning.OTHER, sequence, status)
        if command == ENQUIRE_LINK:
            return Frame(Meaning.ASKED, sequence, answer=_frame(command | ANSWER, sequence))
        if command == DELIVER_SM:
            taken = _frame(command | ANSWER, sequence, b"\0")
            refusal = _frame(command | ANSWER, sequence, b"\0", status=_SYSTEM_ERROR)
            sms = _arrived(body)
            if sms is None:
                return Frame(Meaning.ASKED, sequence, answer=taken, receipt=receipt_in(body))
            return Frame(Meaning.ARRIVED, sequence, answer=taken, sms=sms, refusal=refusal)
        if command == UNBIND:
            return Frame(Meaning.CLOSING, sequence, answer=_frame(command | ANSWER, sequence))
        return Frame(Meaning.ASKED, sequence, answer=_frame(GENERIC_NACK, sequence, status=_REJECTED))

    def why(self, status: int) -> str:
        """Name a command_status."""
        return f"SMPP 0x{status:08x} {_WHY.get(status, '')}".rstrip()

    def again(self, status: int) -> bool:
        """Tell whether the message centre was only busy."""
        return status in _LATER


def _arrived(body: bytes) -> Arrived | None:
    """Return the SMS of a deliver_sm; None for a delivery receipt, and for what is cut off."""
    try:
        service = body.index(b"\0") + 1
        end = body.index(b"\0", service + 2)
        sender = body[service + 2 : end].decode("latin-1")
        begin = end + 3
        end = body.index(b"\0", begin)
        to = body[begin:end].decode("latin-1")
        esm_class = body[end + 1]
        rest = body.index(b"\0", end + 4) + 1
        rest = body.index(b"\0", rest) + 1
        coding, length = body[rest + 2], body[rest + 4]
        content = body[rest + 5 : rest + 5 + length]
    except (ValueError, IndexError):
        return None
    if esm_class & _NO_SMS:
        return None
    return arrived(sender, to, content, coding, has_header=bool(esm_class & _UDH))


def _frame(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


def _c_text(text: str) -> bytes:
    return text.encode("ascii", errors="replace").replace(b"\0", b"") + b"\0"


def receipt_in(body: bytes) -> tuple[str, str] | None:
    """Return id and state out of a deliver_sm, by its parameters or by its text (SMPP 3.4, Appendix B).

    None: it is no receipt, or none that can be understood.
    """
    try:
        place = _end_of_text(body, 0) + 2
        place = _end_of_text(body, place) + 2
        place = _end_of_text(body, place)
        if body[place] & _KINDS != _RECEIPT:
            return None
        place = _end_of_text(body, _end_of_text(body, place + 3)) + 4
        text = body[place + 1 : place + 1 + body[place]]
        optional = dict(_optional(body[place + 1 + body[place] :]))
    except (IndexError, ValueError):
        return None
    found = _RECEIPT_TEXT.search(text)
    name, state = (found[1].decode("ascii"), found[2].decode("ascii").upper()) if found else ("", "")
    if _RECEIPTED_ID in optional:
        name = optional[_RECEIPTED_ID].rstrip(b"\0").decode("ascii", errors="replace")
    if len(optional.get(_STATE, b"")) == 1:
        known = optional[_STATE][0]
        state = _STATES[known] if known < len(_STATES) else "UNKNOWN"
    return (name[:65], state) if name and state else None


def _end_of_text(body: bytes, begin: int) -> int:
    """Return where what follows a text begins; raises ValueError."""
    return body.index(b"\0", begin) + 1


def _optional(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        tag, length = struct.unpack_from(">HH", data)
        yield tag, data[4 : 4 + length]
        data = data[4 + length :]
