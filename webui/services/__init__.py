"""What pages ask of the box; no module here knows of requests."""
