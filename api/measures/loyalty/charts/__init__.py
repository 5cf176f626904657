"""The facts of loyalty over time: points held against limits, split only where a reason is recorded."""
