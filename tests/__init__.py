"""The tests of box400 (a package, since Sippy installs one of the same name)."""
