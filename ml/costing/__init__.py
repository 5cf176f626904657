"""What failures cost, estimated from many customers: departures they bring on, and whose doing the money is.

Arrays in, no session, no table. Arithmetic on one case is in `models.rules.cost`.
"""
