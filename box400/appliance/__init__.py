"""The machine around the program: its address, its first start."""
