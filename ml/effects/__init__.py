"""What went with a countermeasure: prevalence and completion before and after it went live, judged several ways.

Arrays in, figures out: no table, no session. Everything here is association in time. `judging` puts the parts together.
"""
