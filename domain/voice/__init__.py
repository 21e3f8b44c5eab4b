"""What callers hear: prompts by name, numbers said in Mandarin, voicemail boxes. Pure."""
