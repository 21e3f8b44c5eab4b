"""Tickets in the store: opened, moved on, looked after, told of."""

from storage.tickets.desk import TicketGone, move, open_ticket, terms_of

__all__ = ["TicketGone", "move", "open_ticket", "terms_of"]
