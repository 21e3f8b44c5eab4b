"""Base values of the timers, in seconds (RFC 3261 17.1.1.1 and table 4)."""

T1 = 0.5
"""Estimate of the round trip."""
T2 = 4.0
"""Longest wait between retransmissions, except of an INVITE."""
T4 = 5.0
"""How long a message may stay in the network."""
GIVE_UP = 64 * T1
"""Timers B, D, F, H, J, L and M."""
