"""The image of a box: a tree of files, packed without mounting anything and without a virtual machine."""
