"""What an empty box is given: a trunk, a tenant with two numbers, its voice menu."""
