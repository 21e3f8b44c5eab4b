"""The outbox: what is to be told to people and to web servers, and what there is to tell."""
