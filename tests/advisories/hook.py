"""The hooks of a push as `python -m bitacora.publish` runs them, but for the checker, which takes a second."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bitacora.publish.check import Report
from bitacora.publish.home import Home
from bitacora.publish.receive import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Home(Path(sys.argv[2])), lambda _folder, _shared: Report(1), 5))
