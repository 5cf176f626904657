"""The fast way in for answers: many callers share one transaction, and each is answered after its commit."""
