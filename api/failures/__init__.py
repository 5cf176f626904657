"""Conditions, what was observed of them, and the condition sets found to conspire."""
