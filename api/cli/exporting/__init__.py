"""`export`: what a workspace holds, to a file."""
