"""What customers write: e-mails fetched and sent, SMS received, conversations shared out among agents."""
