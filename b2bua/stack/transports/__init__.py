"""Byte transports: UDP, TCP and TLS listeners, and the one object that sends along flows."""
