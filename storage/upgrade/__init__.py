"""Upgrades as files: signed bundles, the journal of each upgrade, what somebody asked for."""
