"""Customers at risk: assessments, models, and why."""
