"""What the company's customers say, in figures over time: each with its n and its interval."""
