"""What every test shares."""

from hypothesis import settings

# A shared machine is slow at times: an example that takes long says nothing about the code.
settings.register_profile("box400", deadline=None, print_blob=True)
settings.load_profile("box400")
