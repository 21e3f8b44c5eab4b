"""Money: charging calls, accounts and bills, invoices, checks of the books, carriers' lists."""
