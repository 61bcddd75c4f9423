"""Whatever is written or sent: no exception escapes, nothing crashes or hangs, nothing runs in a page.

What a fuzzer found is in FOUND, and stays mended.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import fuzz
import pytest
import sizes
from conftest import Saw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server import ROOT

STANDS_STILL_S = 60.0
FOUND: dict[str, list[bytes]] = {
    "documents": [b"<a href=javascript\x17:alert(1)>"],
    "front_matter": [],
    "markdown": [],
    "webhook": [],
    "router": [],
}


class Fuzzer:
    """A process that puts every `step`th document through, started again after each crash or hang."""

    def __init__(self, first: int, step: int, count: int, folder: Path) -> None:
        self._first, self._step, self._count = first, step, count
        self._folder = folder
        folder.mkdir()
        (folder / "progress").write_bytes(bytes(16))
        self._progress = fuzz.Progress(folder / "progress")
        self._before = 0
        self.crashes: list[str] = []
        self._start()

    @property
    def done(self) -> int:
        return self._before + self._progress.now()[1]

    @property
    def findings(self) -> list[str]:
        file = self._folder / "findings"
        return self.crashes + (file.read_text().splitlines() if file.exists() else [])

    def goes_on(self) -> bool:
        """Looks after the process: whether there is more to do."""
        seed, done = self._progress.now()
        if (seed, done) != self._seen:
            self._seen, self._since = (seed, done), time.monotonic()
        status = self._process.poll()
        if status is None and time.monotonic() - self._since > STANDS_STILL_S:
            self.stop()
            status = -signal.SIGKILL
        if status is None:
            return True
        if status == 0:
            return False
        error = (self._folder / "stderr").read_text()[-500:]
        self.crashes.append(f"document {seed}: exit status {status} {error}")
        self._before += done + 1
        if self._before >= self._count or len(self.crashes) > 20:
            return False
        self._start()
        return True

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        first = self._first + self._before * self._step
        self._progress.at(first, 0)
        self._seen, self._since = (first, 0), time.monotonic()
        given = [str(number) for number in (first, self._step, self._count - self._before)]
        with (self._folder / "stderr").open("wb") as stderr:
            command = [sys.executable, fuzz.__file__, "documents", *given, str(self._folder)]
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=stderr, stderr=stderr)


def test_no_document_crashes_hangs_or_runs_anything(tmp_path: Path, saw: Saw) -> None:
    cores = os.cpu_count() or 1
    each = -(-sizes.DOCUMENTS // cores)
    fuzzers = [Fuzzer(core, cores, each, tmp_path / f"{core}") for core in range(cores)]
    deadline = time.monotonic() + sizes.DOCUMENTS_S
    try:
        while [fuzzer for fuzzer in fuzzers if fuzzer.goes_on()] and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        for fuzzer in fuzzers:
            fuzzer.stop()
    findings = [finding for fuzzer in fuzzers for finding in fuzzer.findings]
    saw(documents=sum(fuzzer.done for fuzzer in fuzzers), findings=len(findings))
    assert findings == []


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_no_bytes_that_reach_new_code_break_it(target: str, tmp_path: Path, saw: Saw) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has no package for this system")
    command = [sys.executable, fuzz.__file__, target, str(sizes.FUZZ_S), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=sizes.FUZZ_S + 300, check=False)
    told = done.stderr.decode("utf-8", "replace")
    executed = re.search(r"stat::number_of_executed_units:\s*(\d+)|Done (\d+) runs", told)
    found = [file.read_bytes() for file in tmp_path.iterdir() if file.is_file()]
    inputs = int(executed[1] or executed[2]) if executed else 0
    saw(inputs=inputs, findings=len(found), fuzzing_s=sizes.FUZZ_S)
    assert found == [], told[-3000:]
    assert done.returncode == 0, told[-3000:]


@pytest.mark.parametrize(("target", "data"), [(name, data) for name in FOUND for data in FOUND[name]])
def test_what_a_fuzzer_found_stays_mended(target: str, data: bytes) -> None:
    (fuzz.put_through if target == "documents" else fuzz.TARGETS[target])(data)


@settings(max_examples=sizes.REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from([*fuzz.BODIES, *fuzz.HEADS, *fuzz.VALUES, *fuzz.FENCES]), max_size=30).map("".join)
)
def test_no_mixture_of_tokens_breaks_anything(text: str) -> None:
    fuzz.put_through(text.encode())


PIECES = [b"\n", b"sha256=", b"v1,", b"{", b"}", b'"ref"', b":", b"[", b"]", b"9" * 5000, b"\xff", b"\x00"]


@settings(max_examples=sizes.REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_no_call_of_a_forge_breaks_anything(data: bytes) -> None:
    fuzz.webhook(data)
