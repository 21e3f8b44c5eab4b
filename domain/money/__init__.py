"""Money: integer 厘, tariffs and fees, what may be spent, statements, invoices, 对账. Pure."""
