"""The process that sends notices and webhooks: an outbox behind gateways that may fail, hang or refuse."""
