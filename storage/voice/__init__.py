"""What callers hear: prompts of tenants, prompt packs, voice menus with their versions."""
