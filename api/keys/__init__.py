"""Keys: who may ask, for how long, and how one takes over from another."""
