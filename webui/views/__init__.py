"""Pages: what a browser asks, and what it gets."""
