"""`steadfast import`: from a file somebody has to rows this service takes, by a map of its columns."""
