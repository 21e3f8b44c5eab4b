"""REFER: what a phone asks us to call (RFC 3515), instead of what (RFC 3891)."""

from __future__ import annotations

import msgspec

from b2bua.sip.message import Request
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.replaces import Replaces
from b2bua.sip.text import malformed
from b2bua.sip.uri import Uri


class Referral(msgspec.Struct, frozen=True):
    """A wish for a transfer."""

    target: Uri
    """Whom to call, without headers."""
    replaces: Replaces | None
    """The dialog at the target that the new call takes the place of (attended transfer)."""
    referred_by: str
    """Raw Referred-By, "" when absent."""
    cseq: int
    """The REFER's number: the id of its reports."""


def read_referral(request: Request) -> Referral:
    """Read a REFER; raises SipError(400). Of headers in the target only Replaces is seen."""
    address = request.parse_header("Refer-To", NameAddr.parse)
    if address is None or not (address.uri.is_sip or address.uri.scheme == "tel"):
        raise malformed("Refer-To")
    uri = address.uri
    replaces = Replaces.in_uri(uri)
    target = msgspec.structs.replace(uri, headers="") if uri.headers else uri
    return Referral(target, replaces, request.get("Referred-By") or "", request.cseq.number)
