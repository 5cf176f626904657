"""The company's loyalty as its customers feel it: seven items, each customer asked three of them.

Arrays in, figures out: no table, no session. `factor` fits one factor, `pairs` brings together what was never asked of
the same person, `scale` puts the figure and its reliability together, `responders` asks who answered.
"""
