"""`python -m api.learner KIND ARGUMENTS`."""

import sys

from api.learner.process import main

sys.exit(main(sys.argv[1:]))
