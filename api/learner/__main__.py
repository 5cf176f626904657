"""`python -m api.learner KIND ARGUMENTS`."""

import sys
from importlib import import_module

from api.collecting import to_stay

with to_stay():
    process = import_module("api.learner.process")

sys.exit(process.main(sys.argv[1:]))
