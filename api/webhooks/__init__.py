"""Hooks: addresses that are told of events, signed, at least once."""
