"""Conversations in writing (会话): e-mails and SMS of customers, their channels, what they scored."""
