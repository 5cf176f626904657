"""Pulses: staff are asked without being named, and what they say is told in ways that lead to nobody."""
