"""Carrier trunks: whose request this is, which way a call leaves, who is healthy, how numbers are written."""
