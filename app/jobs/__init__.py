"""The outbox and its worker: what is done after the transaction that asked for it."""
