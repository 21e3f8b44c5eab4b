"""RTP: the worker process that carries it, and the client side that implements ``calls.ports.MediaRelay``.

The client (``relay``, ``endpoint``, ``supervision``) runs in the b2bua process on Twisted; all else runs in
the worker (``python -m b2bua.media``) and imports no Twisted. ``protocol`` and ``spool`` are shared.
"""
