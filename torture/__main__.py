"""`python -m torture [A9 A10 ...]`: run each part in a process of its own, and write docs/torture.md after each.

Whatever becomes of a part, the next one runs. The exit status is 1 when anything failed, 130 after Ctrl-C, which
leaves a report of the parts so far.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from torture.plan import PARTS
from torture.report import DOCUMENT, read
from torture.run import run

_INTERRUPTED = 130


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m torture", description="The acceptance tests at full size.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="these parts alone, such as A9 (all of them)")
    parser.add_argument("--short", action="store_true", help="at the small size of `make check`")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write it there (docs/torture.md, of a whole run alone)"
    )
    parser.add_argument(
        "--again", action="store_true", help="and put what is seen in the place of what the report says of them"
    )
    asked = parser.parse_args()
    known = {part.name for part in PARTS}
    if unknown := set(asked.parts) - known:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: there are {', '.join(filter(None, known))}")
    chosen = [part for part in PARTS if not asked.parts or part.name in asked.parts]
    whole = not asked.parts and not asked.short
    document = asked.report or (DOCUMENT if whole or asked.again else None)
    before = read(PARTS, document) if document and asked.again else []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = PARTS if asked.again else chosen
    results = run(chosen, document, full=not asked.short, plan=plan, before=before)
    if document:
        print(f"written into {document}")
    if any(result.is_interrupted for result in results):
        sys.exit(_INTERRUPTED)
    sys.exit(any(result.failures for result in results))


if __name__ == "__main__":
    main()
