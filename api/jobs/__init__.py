"""Jobs: work no request may do itself, asked for in the transaction of its cause and done by a worker.

A job is a row of its workspace; its claim is a directory row, because a worker looks for work before it knows whose
it is. `service` asks for jobs, `leases` is the worker's side, `api.handlers` says what each kind does.
"""

from api.jobs.queries import claims, jobs
from api.jobs.service import (
    ANALYSE,
    COMPACT,
    DERIVE,
    FELT,
    FOLLOW_UP,
    FORGET,
    JUDGE,
    LEARN_COMMENTS,
    OUTREACH,
    PRUNE,
    RELEASE,
    RESCORE,
    RETENTION,
    SCORE,
    SUGGEST,
    SWEEP,
    TRAIN,
    WATCH,
    WEIGH,
    cancel,
    enqueue,
)

__all__ = [
    "ANALYSE",
    "COMPACT",
    "DERIVE",
    "FELT",
    "FOLLOW_UP",
    "FORGET",
    "JUDGE",
    "LEARN_COMMENTS",
    "OUTREACH",
    "PRUNE",
    "RELEASE",
    "RESCORE",
    "RETENTION",
    "SCORE",
    "SUGGEST",
    "SWEEP",
    "TRAIN",
    "WATCH",
    "WEIGH",
    "cancel",
    "claims",
    "enqueue",
    "jobs",
]
