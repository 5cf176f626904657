"""What is likely: condition sets mined from cases, risk learnt from departures, and the features both stand on."""
