"""How the facts of loyalty are counted in the database: one clock a case, rows, sums over whole customers."""
