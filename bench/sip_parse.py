"""Print what parsing and building SIP messages costs, in microseconds (best of several runs).

Run it alone on an idle machine: ``python bench/sip_parse.py``.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from b2bua.sip.check import check_request
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.nameaddr import _parse_short as parse_from
from b2bua.sip.parse import StreamParser, parse_message
from b2bua.sip.respond import response_to
from b2bua.sip.uri import _parse_short as parse_uri

SDP = (
    b"v=0\r\n"
    b"o=- 1719999999 1719999999 IN IP4 10.20.30.40\r\n"
    b"s=SBC call\r\n"
    b"c=IN IP4 10.20.30.40\r\n"
    b"t=0 0\r\n"
    b"m=audio 30124 RTP/AVP 8 0 18 101\r\n"
    b"a=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:0 PCMU/8000\r\n"
    b"a=rtpmap:18 G729/8000\r\n"
    b"a=fmtp:18 annexb=no\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-15\r\n"
    b"a=ptime:20\r\n"
    b"a=sendrecv\r\n"
)
HEAD = (
    b"INVITE sip:4008123456@10.1.2.3:5060;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.20.30.40:5060;branch=z9hG4bKjkle2s3000ah9x7q2k10.1;rport\r\n"
    b"Via: SIP/2.0/UDP 10.20.30.41:5060;branch=z9hG4bK1b9d0dcd71d9a;received=10.20.30.41\r\n"
    b"Record-Route: <sip:10.20.30.40:5060;lr;ftag=h7g4Esbg>\r\n"
    b"Max-Forwards: 67\r\n"
    b"From: <sip:+8613900001111@ims.bj.example.cn;user=phone>;tag=h7g4Esbg\r\n"
    b"To: <sip:4008123456@ims.bj.example.cn;user=phone>\r\n"
    b"Call-ID: isbcff5d9rrr5u1ct9p8k@10.20.30.40\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:+8613900001111@10.20.30.40:5060;user=phone>\r\n"
    b"P-Asserted-Identity: <tel:+8613900001111>\r\n"
    b"Allow: INVITE,ACK,OPTIONS,BYE,CANCEL,INFO,PRACK,NOTIFY,MESSAGE,REFER,UPDATE\r\n"
    b"Supported: 100rel,timer,precondition\r\n"
    b"Session-Expires: 1800;refresher=uac\r\n"
    b"Min-SE: 90\r\n"
    b"User-Agent: Huawei SBC\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n"
    b"\r\n"
)
INVITE = HEAD % len(SDP) + SDP
FLOW = Flow("udp", ("10.1.2.3", 5060), ("10.20.30.40", 5060), "carrier")


def best(work: Callable[[], object]) -> float:
    """Return the microseconds of one call, best of seven runs."""
    number = 4000
    return min(timeit.repeat(work, number=number, repeat=7)) / number * 1e6


def parse_and_read() -> Request:
    """Parse the INVITE and read what every transaction reads."""
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    request.via.branch, request.from_.tag, request.to.tag, request.call_id, request.cseq.number  # noqa: B018
    return request


def parse_unseen() -> Request:
    """Do the same with addresses that no cache has seen."""
    parse_from.cache_clear()
    parse_uri.cache_clear()
    return parse_and_read()


def build_request() -> bytes:
    """Build and encode an INVITE like the one we send to a bound number."""
    return Request.build(
        "INVITE",
        "sip:13900001111@10.20.30.40:5060;user=phone",
        headers=[
            ("Via", "SIP/2.0/UDP 10.1.2.3:5060;branch=z9hG4bK7c6a8f1e2d3b4c5d6e;rport"),
            ("Max-Forwards", "70"),
            ("From", "<sip:4008123456@10.1.2.3;user=phone>;tag=5f1c2e9ab7"),
            ("To", "<sip:13900001111@10.20.30.40;user=phone>"),
            ("Call-ID", "01J9Z3W8Q4T6Y8R0M2N4P6S8V0@10.1.2.3"),
            ("CSeq", "1 INVITE"),
            ("Contact", "<sip:box@10.1.2.3:5060>"),
            ("P-Asserted-Identity", "<sip:4008123456@10.1.2.3;user=phone>"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO"),
            ("Supported", "100rel, timer"),
            ("Session-Expires", "1800"),
            ("Content-Type", "application/sdp"),
        ],
        body=SDP,
    ).encode()


def main() -> None:
    """Print the figures."""
    request = parse_and_read()

    def respond() -> bytes:
        return response_to(request, 180, to_tag="a").encode()

    print(f"INVITE of {len(INVITE)} bytes, {len(request.headers)} header rows; microseconds each:")
    print(f"  parse only                        {best(lambda: parse_message(INVITE)):6.1f}")
    print(f"  parse, Via, From, To, Call-ID, CSeq {best(parse_and_read):4.1f}")
    print(f"  the same, addresses never seen    {best(parse_unseen):6.1f}")
    print(f"  seen, and check_request        {best(lambda: check_request(parse_and_read())):6.1f}")
    print(f"  seen, and received_from           {best(lambda: parse_and_read().received_from(FLOW)):6.1f}")
    print(f"  response_to and encode            {best(respond):6.1f}")
    response = respond()
    print(f"  parse the 180                     {best(lambda: parse_message(response)):6.1f}")
    print(f"  build and encode an INVITE        {best(build_request):6.1f}")
    print(f"  the same through StreamParser     {best(lambda: StreamParser().feed(INVITE)):6.1f}")


if __name__ == "__main__":
    main()
