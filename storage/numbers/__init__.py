"""Work on the inventory of numbers: the desk that moves them, sheets, papers, packs, upkeep."""
