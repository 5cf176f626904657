"""Conditions that comments may speak of: suggested by a job, confirmed or declined by people, learnt from.

A suggestion says nothing of a case until a person confirms it. `suggesting` looks through comments, `training` reads
what people decided for the learner, `registry` keeps what was learnt.
"""
