"""What of people's answers can be told without telling of any of them: the auditor, what is released, and of whom."""
