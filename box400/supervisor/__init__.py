"""``box400 run``: start the processes of one box, start again what dies, end all in order."""
