from __future__ import annotations

import subprocess
import sys

_EIGHT_AT_ONCE = """
import sys, threading
from bitacora.markdown.highlight import highlight
sys.setswitchinterval(1e-6)
start, coloured = threading.Barrier(8), []
def read():
    start.wait()
    coloured.append(highlight("x = 1", "python"))
readers = [threading.Thread(target=read) for _ in range(8)]
for reader in readers: reader.start()
for reader in readers: reader.join()
print(len(coloured), len(set(coloured)))
"""


def test_readers_who_ask_for_the_first_code_block_at_the_same_time_all_get_it_coloured() -> None:
    for _ in range(4):
        told = subprocess.run([sys.executable, "-c", _EIGHT_AT_ONCE], capture_output=True, text=True, check=True)
        assert told.stdout.split() == ["8", "1"], told.stderr
