"""Whether the facts of loyalty go with what they should go with: Felt, departures, Earned Growth."""
