"""The serving process: `python -m api.serving HOST PORT`, which `steadfast serve` becomes.

What the command line needs would stay in memory for as long as the service runs.
"""

import sys
from importlib import import_module

from api.collecting import look_seldom, share_heaps, to_stay

if __name__ == "__main__":
    share_heaps()
    # The library of logs would load it to colour terminals: three megabytes, for lines that are JSON.
    sys.modules["rich"] = None  # type: ignore[assignment] # how Python is told that there is no such module
    with to_stay():
        listening = import_module("api.listening")
    look_seldom()
    listening.listen(sys.argv[1], int(sys.argv[2]))
