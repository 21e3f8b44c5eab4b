"""Customers (客户) of a tenant: cards, Excel files of them, whom one may call back."""
