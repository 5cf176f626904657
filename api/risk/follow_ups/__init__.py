"""Follow-ups: the redress owed after every failure, and the outreach a company does on top, kept apart."""
