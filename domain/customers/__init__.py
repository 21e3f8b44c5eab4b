"""Customers (客户) and dealing with them: contacts, conversations, missed calls, timelines. Pure."""
