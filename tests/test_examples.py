"""What this suite does is the same for everybody who runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import programs
import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_examples_are_looked_for_alike_with_ci_and_without() -> None:
    """Hypothesis by itself goes easy on itself where it sees CI, and then what passes there fails elsewhere."""
    asked = "import conftest, hypothesis; print(hypothesis.settings())"
    without = {name: value for name, value in os.environ.items() if name != "CI"}
    kinds = [
        subprocess.run(
            [sys.executable, "-c", asked], env=env, cwd=ROOT / "tests", capture_output=True, text=True, check=True
        ).stdout
        for env in ({**without, "PYTHONPATH": ".."}, {**without, "PYTHONPATH": "..", "CI": "true"})
    ]
    assert kinds[0] == kinds[1]
    assert f"{ROOT}/.hypothesis/examples" in kinds[0]


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_program_that_is_missing_skips_a_test_and_fails_it_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str, outcome: type[BaseException]
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "sbin").mkdir()
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    with pytest.raises(outcome, match="httpd is not installed"):
        programs.tool("httpd", "httpd2")
    program = tmp_path / "sbin/httpd2"
    program.touch(0o755)
    assert programs.tool("httpd", "httpd2") == str(program)
