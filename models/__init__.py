"""What is so: the tables, the rules that are plain arithmetic, and the way a change becomes a version."""
