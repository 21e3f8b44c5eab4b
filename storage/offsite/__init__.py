"""Backups off the machine, encrypted: restic on top of our own consistent backup; see ``docs/backup.md``."""
