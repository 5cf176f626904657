"""Workspaces: how one company works here, and the keys that let others in."""
