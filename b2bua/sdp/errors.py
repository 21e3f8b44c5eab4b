"""What is wrong with a session description."""

from __future__ import annotations


class SdpError(Exception):
    """A description that cannot be read, or that nothing can be agreed on with.

    ``str()`` says why, in our own words. ``status`` is the SIP answer to such an offer: 400 for what cannot
    be read, 488 for :class:`NoCommonCodec`.
    """

    status = 400


class NoCommonCodec(SdpError):
    """No audio stream of the other side can be accepted: codec, transport or encryption."""

    status = 488
