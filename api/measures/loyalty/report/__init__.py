"""The report of company loyalty: what it is made of, its words, its pictures, and the one page of it."""
