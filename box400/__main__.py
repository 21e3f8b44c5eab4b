"""``python -m box400``."""

from box400.cli import main

main(prog_name="box400")
