"""Asks web servers of tenants and of gateways (the edge behind ``calls.web.WebClient``)."""

from __future__ import annotations

from b2bua.webclient.client import AgentWebClient

__all__ = ["AgentWebClient"]
