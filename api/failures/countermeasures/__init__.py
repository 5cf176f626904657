"""Countermeasures: what is done about conditions, what it would avoid and leaves exposed, and whether it worked."""
