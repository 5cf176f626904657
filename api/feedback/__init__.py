"""Surveys, and what customers answered."""
