"""The test phone of ``box400 call``: a SIP phone and its answering party, on the box's own SIP core.

What it says and hears (RTP, keys, levels) is written anew here and shares nothing with the media worker: it
is there to prove the worker.
"""
