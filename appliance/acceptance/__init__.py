"""Prove a box: boot trees that the roles made in containers, and use them as people and carriers do."""
