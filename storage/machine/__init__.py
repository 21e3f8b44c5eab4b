"""The machine that the program runs on: wishes to it, its addresses, its alarms, its processes."""
