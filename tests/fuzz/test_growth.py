"""No input costs more than its length: eight times the octets may cost a few times eight, never 64 times."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.exercise import exercise

FILLERS = [
    b"<", b">", b'"', b"\\", b'\\"', b",", b";", b" ", b"\t", b"=", b":", b"%", b"@", b"[", b"(", b"/",
    b"9", b"a", b";a", b";a=b", b"a,", b"<>", b'"",', b"<,", b"\r", b"\r\n ", b"\n", b"\n\n",
    b"\r\n\r\n", b"X: y\r\n", b"X:\r\n", b"Via: x\r\n", b"l: 1\r\n", b" SIP/2.0", b"sip:a@b,",
    b'"a" <sip:a@b>,', b"--x\r\n", b"\r\n--x\r\n\r\n", b"%41", b"&a=b", b"a=rtpmap:8 a/8\r\n",
    b"m=audio 1 RTP/AVP 8\r\n", b"a=crypto:1 a inline:aa\r\n", b" 8", b"a=x\n",
    b"OPTIONS a:b SIP/2.0\n\n", b"SIP/2.0 200 \nl:0\n\n", b"\xff", b"\xe4\xbd\xa0",
]  # fmt: skip
FRAMES = [
    b"%s",
    b"INVITE %s SIP/2.0\r\n\r\n",
    b"INVITE sip:%s SIP/2.0\r\n\r\n",
    b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;%s\r\nFrom: \"%s\r\nTo: <sip:%s\r\nCall-ID: %s\r\n"
    b"CSeq: %s\r\n"
    b"Contact: %s\r\nReason: Q.850;%s\r\nHistory-Info: <sip:a?%s>\r\nAccept: %s\r\n"
    b'Content-Type: multipart/mixed;boundary=x\r\n\r\n--x\r\n%s\r\n--x--',
    b"SIP/2.0 200 %s\r\nl: 0\r\n\r\nSIP/2.0 200 OK\r\n%s\r\n\r\n",
    b"v=0\r\nc=IN IP4 %s\r\n",
    b"v=0\r\nm=audio 1 RTP/AVP 8\r\na=rtpmap:%s\r\na=fmtp:8 %s\r\na=crypto:1 a inline:%s\r\na=%s\r\n",
    b"v=0\r\nm=audio 1 RTP/AVP%s\r\n",
]  # fmt: skip


def filled(frame: bytes, filler: bytes, size: int) -> bytes:
    """Fill the holes of a frame so that it has about the size."""
    return frame.replace(b"%s", filler * (size // frame.count(b"%s") // len(filler)))


def cost(data: bytes) -> float:
    """Return the processor time of treating the octets, best of three, in seconds."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        exercise(data)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize("filler", FILLERS)
def test_no_input_costs_more_than_its_length(filler: bytes) -> None:
    """64 KiB of anything, in every place where text is taken apart."""
    for frame in FRAMES:
        small, large = (cost(filled(frame, filler, size)) for size in (8000, 64000))
        assert large <= 32 * max(small, 0.001), frame
