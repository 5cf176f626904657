"""The schema's history. `models.migrating` runs it; alembic reads `env.py`."""
