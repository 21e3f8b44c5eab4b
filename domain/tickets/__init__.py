"""Tickets (工单): questions that somebody asks a desk, and what becomes of them. Pure."""
