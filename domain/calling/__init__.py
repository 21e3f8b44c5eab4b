"""Who calls whom: numbers as trunks write them, callers, what is known of them, what is shown. Pure."""
