"""The b2bua process: put together, started, watched, ended."""
