"""The company's loyalty to the customer, from its own records: what is counted, what it comes to, and how surely."""
