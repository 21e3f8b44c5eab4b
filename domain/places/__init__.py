"""Places (归属地): where a number is from, by area codes and mobile segments. Pure."""
