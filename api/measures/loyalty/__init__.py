"""How loyal the company is to its customers, by its own records: the eight dimensions of Facts, served."""
