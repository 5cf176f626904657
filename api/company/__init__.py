"""How the company describes itself: the needs it serves, its teams, and what it changed."""
