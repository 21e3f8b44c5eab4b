"""Session descriptions and offer/answer, sans-I/O."""

from b2bua.sdp.crypto import Crypto
from b2bua.sdp.errors import NoCommonCodec, SdpError
from b2bua.sdp.media import G722, G729, PCMA, PCMU, TELEPHONE_EVENT, Codec, Direction, Media
from b2bua.sdp.offer_answer import (
    Negotiated,
    effective_direction,
    is_hold,
    make_answer,
    make_offer,
    negotiate,
)
from b2bua.sdp.session import Origin, SessionDescription

__all__ = [
    "G722",
    "G729",
    "PCMA",
    "PCMU",
    "TELEPHONE_EVENT",
    "Codec",
    "Crypto",
    "Direction",
    "Media",
    "Negotiated",
    "NoCommonCodec",
    "Origin",
    "SdpError",
    "SessionDescription",
    "effective_direction",
    "is_hold",
    "make_answer",
    "make_offer",
    "negotiate",
]
