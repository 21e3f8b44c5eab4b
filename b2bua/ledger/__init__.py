"""The ledger follows the journal and alone commits call records; replay and normal work are one path."""
