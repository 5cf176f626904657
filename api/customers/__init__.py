"""Customers, their cases, the promises made in them, and departures."""
