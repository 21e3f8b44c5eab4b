"""How call records lie at rest: a small row for lists, and the details apart. Pure.

A row of the current month is a message of its own. When five hundred have gathered they are sealed: their
columns, each of one kind of value, compress to less than half of what five hundred rows would
(:mod:`storage.records.sealed_rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec
import zstandard

from domain.places.place import Place
from storage.records.record import CallRecord, ChargeRecord, LegRecord, MediaRecord, Moment, Participant

RECORDED: Final = 1
ANONYMOUS: Final = 2
CALL_BACK: Final = 4
MESSAGE: Final = 8
CONSULTATION: Final = 16
PICK_UP: Final = 32
SUPERVISION: Final = 64
KEYS_IN_ROW: Final = 16
"""Digits that lists are searched by: a menu's choices."""
TEST: Final = 128


class CallRow(msgspec.Struct, frozen=True, array_like=True):
    """What a list of calls shows. New fields go to the end, with a default."""

    id: str
    number: str
    """The 400 number; what was dialled when no tenant owns it."""
    caller: str
    answered_by: str
    start_ms: int
    """UTC POSIX milliseconds."""
    end_ms: int
    """Whole duration of the call."""
    access_ms: int
    talk_ms: int
    outcome: str
    hung_up_by: str
    sip_status: int
    flags: int
    trunk_in: str
    trunk_out: str
    caller_class: str = ""
    area_code: str = ""
    province: str = ""
    city: str = ""
    carrier: str = ""
    fee_li: int = 0
    queue: str = ""
    wait_ms: int = 0
    job_number: str = ""
    rating: int = 0
    """0: not rated."""
    menu: str = ""
    """What he chose in menus: ``menu/node/key`` with spaces between."""
    keys: str = ""
    """What the caller keyed, the first of it."""

    @property
    def recorded(self) -> bool:
        """Whether audio was kept."""
        return bool(self.flags & RECORDED)

    @property
    def place(self) -> Place:
        """Where the caller is from, as it was known when he called."""
        return Place(self.area_code, self.province, self.city, self.carrier)

    @property
    def anonymous(self) -> bool:
        """Whether the caller withheld his number."""
        return bool(self.flags & ANONYMOUS)

    @property
    def has_message(self) -> bool:
        """Whether the caller left a message."""
        return bool(self.flags & MESSAGE)

    @property
    def is_call_back(self) -> bool:
        """Whether the box began the call, on an agent's wish."""
        return bool(self.flags & CALL_BACK)

    @property
    def is_of_phone(self) -> bool:
        """Whether a phone of the tenant made it for another call's sake (asked a colleague, took a call over,
        supervised), or it was a test. Nobody has called in."""
        return bool(self.flags & (CONSULTATION | PICK_UP | SUPERVISION | TEST))

    @property
    def answered(self) -> bool:
        """Whether somebody talked with the caller, however the call ended then: an operator, a crash or lost
        audio may have cut it."""
        return answered(self.answered_by, self.flags)

    @property
    def waited_ms(self) -> int:
        """How long the caller waited: in the queue, else from the call's begin to the talk or the end."""
        if self.queue:
            return self.wait_ms
        return max(0, self.end_ms - (self.talk_ms if self.answered else 0))

    @property
    def direction(self) -> str:
        """``CallRecord.direction``."""
        return next((name for name, flag in _DIRECTIONS.items() if self.flags & flag), "")


def answered(answered_by: str, flags: int) -> bool:
    """Tell whether somebody talked with a caller (:attr:`CallRow.answered`)."""
    return bool(answered_by) and not flags & (CONSULTATION | PICK_UP | SUPERVISION)


class CallDetail(msgspec.Struct, frozen=True, array_like=True):
    """The rest of a record. New fields go to the end, with a default."""

    id: str
    tenant: str | None
    number: str | None
    called: str
    called_raw: str
    caller_raw: str
    caller_display: str
    extension: str | None
    source: str
    sip_call_id: str
    answer_ms: int | None
    bridge_ms: int | None
    keys: str
    legs: tuple[LegRecord, ...]
    media: tuple[MediaRecord, ...]
    timeline: tuple[Moment, ...]
    participants: tuple[Participant, ...] = ()
    direction: str = ""
    contact: str = ""
    agent: str = ""
    caller_header: str = ""
    message: str = ""
    message_ms: int = 0
    charge: ChargeRecord | None = None


_DIRECTIONS: Final = {
    "callback": CALL_BACK,
    "consultation": CONSULTATION,
    "pickup": PICK_UP,
    "supervision": SUPERVISION,
    "test": TEST,
}


def row_of(record: CallRecord) -> CallRow:
    """Return a record's row."""
    return CallRow(
        record.id,
        record.number or record.called,
        record.caller,
        record.answered_by,
        round(record.start * 1000),
        record.end_ms,
        record.access_ms,
        record.talk_ms,
        record.outcome,
        record.hung_up_by,
        record.sip_status,
        (RECORDED if record.recorded else 0)
        | (ANONYMOUS if record.anonymous else 0)
        | _DIRECTIONS.get(record.direction, 0)
        | (MESSAGE if record.message else 0),
        record.trunk_in or "",
        record.trunk_out or "",
        record.caller_class,
        record.place.area_code,
        record.place.province,
        record.place.city,
        record.place.carrier,
        record.fee_li,
        record.queue,
        record.wait_ms,
        record.job_number,
        record.rating or 0,
        record.menu,
        record.keys[:KEYS_IN_ROW],
    )


def detail_of(record: CallRecord) -> CallDetail:
    """Return what a record has beyond its row."""
    return CallDetail(*_of_detail(record))


def record_of(row: CallRow, detail: CallDetail) -> CallRecord:
    """Put a record together again."""
    return CallRecord(
        id=row.id,
        caller=row.caller,
        anonymous=row.anonymous,
        caller_class=row.caller_class,
        place=row.place,
        trunk_in=row.trunk_in or None,
        trunk_out=row.trunk_out or None,
        answered_by=row.answered_by,
        start=row.start_ms / 1000,
        end_ms=row.end_ms,
        access_ms=row.access_ms,
        talk_ms=row.talk_ms,
        outcome=row.outcome,
        hung_up_by=row.hung_up_by,
        sip_status=row.sip_status,
        recorded=row.recorded,
        **dict(zip(_ALSO_IN_DETAIL, _also_in_detail(detail), strict=True)),
        queue=row.queue,
        wait_ms=row.wait_ms,
        job_number=row.job_number,
        rating=row.rating or None,
        menu=row.menu,
    )


_of_detail = attrgetter(*CallDetail.__struct_fields__)
_ALSO_IN_DETAIL: Final = CallDetail.__struct_fields__[1:]
"""All but the id: named as in the record."""
_also_in_detail = attrgetter(*_ALSO_IN_DETAIL)
_encode = msgspec.msgpack.Encoder().encode
encode_row = _encode
encode_detail = _encode
decode_row = msgspec.msgpack.Decoder(CallRow).decode
decode_detail = msgspec.msgpack.Decoder(CallDetail).decode
_decode_details = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode

DETAIL_LEVEL: Final = 6


def seal_details(details: Sequence[bytes]) -> bytes:
    """Return encoded details as one compressed block; the order is kept."""
    return zstandard.ZstdCompressor(level=DETAIL_LEVEL).compress(
        _encode([msgspec.Raw(each) for each in details])
    )


def unseal_detail(block: bytes, index: int) -> CallDetail:
    """Return one call's details out of a block."""
    return decode_detail(_decode_details(zstandard.ZstdDecompressor().decompress(block))[index])


def unseal_details(block: bytes) -> list[CallDetail]:
    """Return the details of all calls of a block."""
    return [decode_detail(each) for each in _decode_details(zstandard.ZstdDecompressor().decompress(block))]
