"""The process that learns: `python -m api.learner`, started by a worker or by the command line.

It alone imports scikit-learn; the service never does. A worker gives it a job to do (`process`); the command line lets
it ask for a job, do it or wait for whoever does, and print what came of it (`waiting`).
"""

from api.learner.waiting import analyse, train
from api.worker import Refused

__all__ = ["Refused", "analyse", "train"]
