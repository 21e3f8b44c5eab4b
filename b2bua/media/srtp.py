"""SRTP and SRTCP of one leg, keyed by SDES (RFC 3711, 4568)."""

from __future__ import annotations

import struct

import pylibsrtp

from b2bua.media import rtp

KEY_LENGTH = 30
"""Octets of master key and salt together."""
_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
LONGEST = 1356
"""Octets of a packet that libsrtp's binding takes, its trailer apart."""
MAX_ROLLOVERS = 70
"""Sequence number wraps looked for after a worker was replaced: a day of 20 ms packets."""
TRIES = 5
"""Times that is done for one key."""
_STRIDE = 0x7000
_SEQUENCE = struct.Struct("!H")


def _session(key: bytes, suite: str, outbound: bool) -> pylibsrtp.Session:
    kind = pylibsrtp.Policy.SSRC_ANY_OUTBOUND if outbound else pylibsrtp.Policy.SSRC_ANY_INBOUND
    return pylibsrtp.Session(pylibsrtp.Policy(key[:KEY_LENGTH], kind, 0, _PROFILES[suite]))


class Crypto:
    """Keys of both directions; raises KeyError for an unknown suite, ValueError for a short key.

    ``restored``: another worker carried this leg before, so that the peer's sequence numbers may have wrapped
    unseen; the count of wraps enters the cipher (RFC 3711 3.3.1) and has to be found by trying.
    """

    def __init__(self, local_key: bytes, remote_key: bytes, suite: str, restored: bool = False) -> None:
        self.keys = (local_key, remote_key, suite)
        self.refused = 0
        """Packets that were forged, replayed or encrypted with another key."""
        self._outbound = _session(local_key, suite, outbound=True)
        self._inbound = _session(remote_key, suite, outbound=False)
        self._tries = TRIES if restored else 0

    def protect(self, packet: bytes | bytearray | memoryview) -> bytes:
        """Encrypt an RTP packet."""
        return bytes(self._outbound.protect(bytes(packet)))

    def unprotect(self, length: int) -> int:
        """Decrypt the packet at hand in place; return its new length, -1 for one that is refused."""
        if not rtp.HEADER_LENGTH <= length <= LONGEST:
            return -1
        packet = bytes(rtp.packets[length])
        try:
            plain = self._inbound.unprotect(packet)
        except pylibsrtp.Error:
            plain = self._catch_up(packet) if self._tries else b""
            if not plain:
                self.refused += 1
                return -1
        self._tries = 0
        rtp.data[rtp.START : rtp.START + len(plain)] = plain
        return len(plain)

    def protect_rtcp(self, compound: bytes) -> bytes:
        """Encrypt an RTCP packet."""
        return bytes(self._outbound.protect_rtcp(compound))

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """Decrypt an RTCP packet; empty for one that is refused."""
        if not 8 <= len(packet) <= LONGEST:
            return b""
        try:
            return bytes(self._inbound.unprotect_rtcp(packet))
        except pylibsrtp.Error:
            self.refused += 1
            return b""

    def _catch_up(self, packet: bytes) -> bytes:
        """Lead a fresh session through packets of our own making, wrap by wrap, until ``packet`` can be read.

        Returns it in plain, or nothing. (libsrtp's binding has no other way to set the count.)
        """
        tries = self._tries - 1
        _, remote_key, suite = self.keys
        maker = _session(remote_key, suite, outbound=True)
        session = _session(remote_key, suite, outbound=False)
        (sequence,) = _SEQUENCE.unpack_from(packet, 2)
        index = 0
        for rollovers in range(1, MAX_ROLLOVERS + 1):
            goal = (rollovers << 16) + sequence - 1
            while index < goal:
                index = min(goal, index + _STRIDE)
                head = b"\x80\x00" + _SEQUENCE.pack(index & 0xFFFF) + bytes(4) + packet[8:12]
                session.unprotect(maker.protect(head))
            try:
                plain = bytes(session.unprotect(packet))
            except pylibsrtp.Error:
                continue
            self._inbound = session
            return plain
        self._tries = tries
        return b""
