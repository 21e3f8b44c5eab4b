"""Header names: case-blind keys and compact forms (RFC 3261 7.3.1, 7.3.3)."""

from __future__ import annotations

from b2bua.sip.text import BLANK, TOKEN

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_USUAL = """
Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events
Authentication-Info Authorization Call-ID Call-Info Contact Content-Disposition Content-Encoding
Content-Language Content-Length Content-Type CSeq Date Diversion Error-Info Event Expires From
Geolocation Geolocation-Routing History-Info Identity In-Reply-To Info-Package Max-Forwards
MIME-Version Min-Expires Min-SE Organization P-Access-Network-Info P-Asserted-Identity
P-Asserted-Service P-Associated-URI P-Called-Party-ID P-Charging-Function-Addresses
P-Charging-Vector P-Early-Media P-Preferred-Identity P-Preferred-Service P-Visited-Network-ID Path
Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason Record-Route
Recv-Info Refer-Sub Refer-To Referred-By Remote-Party-ID Replaces Reply-To Request-Disposition
Require Retry-After Route RSeq Security-Client Security-Server Security-Verify Server Service-Route
Session-Expires Session-ID SIP-ETag SIP-If-Match Subject Subscription-State Supported Target-Dialog
Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate X-Asterisk-HangupCause Call-Id Cseq
""".split()  # noqa: SIM905

KEYS: dict[str, str] = {
    **{name: name.lower() for name in _USUAL},
    **{name.lower(): name.lower() for name in _USUAL},
    **COMPACT,
    **{short.upper(): key for short, key in COMPACT.items()},
}
"""Key of each usual spelling; all others go through :func:`header_key`."""


def header_key(name: str) -> str | None:
    """Return the key of a header name: lower case, compact form expanded; None if it is no token.

    Blanks between the name and its colon (RFC 3261 7.3.1) are not part of it.
    """
    key = KEYS.get(name)
    if key is not None:
        return key
    name = name.rstrip(BLANK)
    if not TOKEN.fullmatch(name):
        return None
    lowered = name.lower()
    return COMPACT.get(lowered, lowered)
