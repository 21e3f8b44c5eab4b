"""The web pages of a box: operators, tenants."""
