"""Upgrades: what a bundle says of itself, which step comes next, forward or back. Pure."""
