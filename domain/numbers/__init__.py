"""Numbers as goods: classes and terms, the way from stock to reclaim, applications, promises. Pure."""
