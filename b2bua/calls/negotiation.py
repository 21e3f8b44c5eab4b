"""One leg's side of offer and answer (RFC 3264): which codecs we speak there, and what was agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.calls.ports import Directory, MediaEndpoint, Remote
from b2bua.sdp import (
    G722,
    G729,
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    Codec,
    Negotiated,
    NoCommonCodec,
    SdpError,
    SessionDescription,
    make_answer,
    make_offer,
    negotiate,
)

if TYPE_CHECKING:
    from b2bua.calls.call import Call

__all__ = [
    "G711",
    "Negotiation",
    "NoCommonCodec",
    "SdpError",
    "codecs_of_extension",
    "codecs_of_leg",
    "wants_srtp",
]

G711 = ("PCMA", "PCMU")
_CODECS = {
    "PCMA": PCMA,
    "PCMU": PCMU,
    "G722": G722,
    "G729": G729,
    "OPUS": Codec(111, "opus", 48000, 2, "useinbandfec=1"),
}


class Negotiation:
    """Makes the box's descriptions for one leg and keeps what was agreed.

    Descriptions have one session id; the version grows with each change and only then (RFC 3264 8).
    """

    __slots__ = ("_codecs", "_host", "_key", "_last", "_port", "_session_id", "remote")

    def __init__(
        self,
        endpoint: MediaEndpoint,
        codecs: tuple[str, ...],
        *,
        srtp: bool,
        randomness: Callable[[int], bytes],
    ) -> None:
        """``codecs``: encoding names, best first; unknown ones are left out."""
        self._codecs = tuple([codec for name in codecs if (codec := _CODECS.get(name.upper())) is not None])
        self._host = endpoint.host
        self._port = endpoint.port
        self._key = endpoint.srtp_key if srtp else None
        self._session_id = int.from_bytes(randomness(4))
        self._last: SessionDescription | None = None
        self.remote: Remote | None = None
        """What was agreed last."""

    @property
    def codec(self) -> str | None:
        """The agreed codec's name in upper case."""
        return self.remote.codec if self.remote is not None else None

    def offer(self, first: str | None) -> SessionDescription:
        """Make our offer, with codec ``first`` before the others.

        A codec that we only pass through is offered alone, since nothing could be made of another one. Raises
        NoCommonCodec when this leg does not speak it.
        """
        codecs = self._codecs
        if first is not None and first not in G711:
            codecs = tuple([codec for codec in codecs if codec.name.upper() == first])
        elif first is not None:
            best = tuple([codec for codec in codecs if codec.name == first])
            codecs = best + tuple([codec for codec in codecs if codec.name != first and codec.name in G711])
        if not codecs:
            raise NoCommonCodec(f"{first} is not spoken on the other leg")
        return self._versioned(
            lambda version: make_offer(
                self._host,
                self._port,
                (*codecs, TELEPHONE_EVENT),
                session_id=self._session_id,
                version=version,
                srtp_key=self._key,
            )
        )

    def answer(self, offer: SessionDescription) -> tuple[SessionDescription, Remote]:
        """Answer the peer's offer, with the codec agreed before where he still offers it. Raises SdpError."""
        codecs = self._codecs
        kept = self.codec
        if kept is not None:
            others = [codec for codec in codecs if codec.name in G711] if kept in G711 else []
            codecs = tuple(
                [codec for codec in codecs if codec.name.upper() == kept]
                + [codec for codec in others if codec.name != kept]
            )
        description = self._versioned(
            lambda version: make_answer(
                offer,
                self._host,
                self._port,
                (*codecs, TELEPHONE_EVENT),
                session_id=self._session_id,
                version=version,
                srtp_key=self._key,
            )
        )
        self.remote = _remote(negotiate(description, offer))
        return description, self.remote

    def accept(self, answer: SessionDescription) -> Remote:
        """Take the peer's answer to our last offer. Raises SdpError."""
        assert self._last is not None
        self.remote = _remote(negotiate(self._last, answer))
        return self.remote

    def _versioned(self, make: Callable[[int], SessionDescription]) -> SessionDescription:
        last = self._last
        if last is None:
            self._last = make(1)
            return self._last
        version = int(last.origin.version)
        made = make(version)
        if made != last:
            self._last = made = make(version + 1)
        return made


def _remote(agreed: Negotiated) -> Remote:
    return Remote(
        host=agreed.host,
        port=agreed.port,
        codec=agreed.codec,
        payload_type=agreed.payload_type,
        clock_rate=agreed.clock_rate,
        event_payload_type=agreed.event_payload_type,
        ptime=agreed.ptime,
        sending=agreed.sending,
        receiving=agreed.receiving,
        srtp_local_key=agreed.srtp_local_key,
        srtp_remote_key=agreed.srtp_remote_key,
        srtp_suite=agreed.srtp_suite,
    )


def codecs_of_leg(call: Call, codecs: tuple[str, ...], directory: Directory) -> tuple[str, ...]:
    """Return which of its codecs a leg of a call may speak, best first.

    G.711 alone where the call is recorded, or may become a conference because its tenant has phones or agents
    of his own: nothing else can be decoded and mixed. A trunk or phone that is configured without G.711 keeps
    what it has, and its calls are passed through, unrecorded.
    """
    g711 = tuple([name for name in codecs if name.upper() in G711])
    return g711 if g711 and _is_decoded(call, directory) else codecs


def _is_decoded(call: Call, directory: Directory) -> bool:
    tenant = call.tenant
    if call.records or tenant is None or tenant.agents:
        return True
    return any(extension.tenant == tenant.id for extension in directory.box.extensions)


def codecs_of_extension(directory: Directory, account: str | None) -> tuple[str, ...]:
    """Return the codecs of a SIP phone of the box, G.711 when it is not known."""
    for extension in directory.box.extensions:
        if extension.account == account:
            return extension.codecs
    return G711


def wants_srtp(offer: SessionDescription | None) -> bool:
    """Tell whether an offer's audio is encrypted (RTP/SAVP)."""
    return offer is not None and offer.audio is not None and offer.audio.is_secure
