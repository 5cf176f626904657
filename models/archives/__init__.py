"""Backups: one file that either database can be restored from, whole or refused.

A zip file with a manifest: which version and schema wrote it, how many rows each table has, and a SHA-256 of every
member. From SQLite it holds the database file itself, copied while the service runs; from PostgreSQL a file of JSON
lines for each table, all read in one snapshot.
"""
