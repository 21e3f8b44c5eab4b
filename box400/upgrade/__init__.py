"""Upgrade a box to the version of a signed bundle, and go back by itself when that does not go well."""
