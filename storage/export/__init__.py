"""Excel and PDF files: those that people take along, and reading those that they bring."""
