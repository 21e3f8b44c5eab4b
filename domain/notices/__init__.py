"""Notices to people and events to their machines: what is said, to whom, how often, and when again. Pure."""
