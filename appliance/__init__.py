"""What makes a box of the program: its bundle, its roles, its image."""
