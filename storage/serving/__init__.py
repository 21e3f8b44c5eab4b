"""Files that calls are served from, so that they need no database: configuration, standings, places."""
