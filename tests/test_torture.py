"""`make torture` itself: whatever becomes of a part, the report says so, and what came before it is not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from programs import PATIENCE_S, wait_until
from server import ROOT

from torture.plan import PARTS, Part
from torture.report import Result, read, write
from torture.run import run


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return tmp_path / "torture.md"


def part(folder: Path, name: str, code: str, **more: object) -> Part:
    """A part with one file of tests."""
    file = folder / f"test_{name}.py"
    file.write_text(f"import os, pytest, time\n{textwrap.dedent(code)}")
    return Part(name, f"What {name} promises", (str(file),), 0, **more)  # type: ignore[arg-type]


PASSES = """
def test_it(record_property):
    record_property("answers", 1200)
    record_property("growth_mib", 1.25)
    record_property("slowest_ms", 1221)
"""


def section(report: str, name: str) -> str:
    return report.partition(f"\n## {name}: ")[2].partition("\n## ")[0]


@pytest.mark.slow
def test_each_part_is_told_of_with_what_was_promised_and_what_was_seen(tmp_path: Path, document: Path) -> None:
    good = part(
        tmp_path, "P1", PASSES, passes="It holds.", promised={"answers": 1_000}, at_most={"slowest_ms": 1_221}
    )
    less = part(tmp_path, "P2", PASSES, promised={"answers": 5_000}, less="There was no time.")
    skipped = part(tmp_path, "P3", 'def test_it(): pytest.skip("no such tool")')
    failing = part(tmp_path, "P4", 'def test_it(): assert 1 == 2, "it is torn"')
    elsewhere = Part("P5", "Speed", (), 0, elsewhere="`make bench`")
    slow = part(tmp_path, "P6", PASSES, at_most={"slowest_ms": 1_000})
    results = run((good, less, skipped, failing, elsewhere, slow), document)
    report = document.read_text()
    outcomes = ["passed", "passed, with less than promised", "skipped", "**failed**", "`make bench`"]
    assert [result.outcome for result in results] == [*outcomes, "passed, slower than promised"]
    for result in results:
        assert f"| {result.part.name} | {result.part.promise} | {result.outcome} |" in report
    assert "Promised: It holds." in section(report, "P1")
    assert "Seen: 1,200 answers, 1.2 growth mib, 1,221 slowest ms." in section(report, "P1")
    assert "Less than" not in section(report, "P1")
    assert "Slower than" not in section(report, "P1")
    assert "Slower than promised: 1,221 of at most 1,000 slowest ms." in section(report, "P6")
    assert "Less than promised: 1,200 of 5,000 answers. There was no time." in section(report, "P2")
    assert "Skipped: no such tool" in section(report, "P3")
    assert "it is torn" in section(report, "P4")
    assert "**1 of 6 parts failed.**" in report
    assert f"{os.cpu_count()} cores" in report


def test_a_name_of_a_test_is_no_markup_of_the_progress(tmp_path: Path, document: Path) -> None:
    code = """
    @pytest.mark.parametrize("path", ["/page/1/"])
    def test_it(path): pass
    def test_that_takes_long_enough_for_the_other_to_be_shown(): time.sleep(1.5)
    """
    [result] = run((part(tmp_path, "P1", code),), document)
    assert result.outcome == "passed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def test_it(): os.kill(os.getpid(), 11)", "pytest ended with -11"),
        ("def test_it(): os._exit(0)", "pytest ended with 0"),
        ("def none_is_there(): pass", "pytest ended with 5"),
        ("def test_it(): os._exit(1)", "pytest ended with 1"),
        ("raise ValueError('in the file')", "in the file"),
        ("def test_it(no_such_fixture): pass", "no_such_fixture"),
    ],
)
def test_a_part_that_crashes_has_failed_and_the_next_one_runs(
    code: str, says: str, tmp_path: Path, document: Path
) -> None:
    results = run((part(tmp_path, "P1", code), part(tmp_path, "P2", PASSES)), document)
    assert [result.outcome for result in results] == ["**failed**", "passed"]
    assert says in section(document.read_text(), "P1")


@pytest.mark.slow
def test_a_part_that_takes_too_long_is_ended_with_all_it_started_and_the_next_one_runs(
    tmp_path: Path, document: Path
) -> None:
    started = tmp_path / "started"
    code = f"""
    import subprocess
    def test_first(record_property):
        record_property("answers", 7)
    def test_long():
        child = subprocess.Popen(["sleep", "600"])
        open({str(started)!r}, "w").write(str(child.pid))
        time.sleep(600)
    """
    long = part(tmp_path, "P1", code, spare_s=5)
    results = run((long, part(tmp_path, "P2", PASSES)), document)
    assert [result.outcome for result in results] == ["**failed**", "passed"]
    assert "which is too long" in section(document.read_text(), "P1")
    assert "7 answers" in section(document.read_text(), "P1")
    if started.exists():  # where the machine was too busy, it was ended before
        wait_until(lambda: not is_running(int(started.read_text())))


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_report_of_the_parts_so_far_and_no_test_running(
    number: signal.Signals, tmp_path: Path, document: Path
) -> None:
    pid = tmp_path / "pid"
    code = f"""
    def test_long():
        open({str(pid)!r} + ".new", "w").write(str(os.getpid()))
        os.rename({str(pid)!r} + ".new", {str(pid)!r})
        time.sleep(600)
    """
    files = [test.tests[0] for test in (part(tmp_path, "P1", PASSES), part(tmp_path, "P2", code))]
    script = f"""
import signal, sys
from torture import __main__ as command
from torture.plan import Part
signal.signal(signal.SIGINT, signal.default_int_handler)
first, second = {files!r}
command.PARTS = (Part("P1", "One", (first,), 0), Part("P2", "Two", (second,), 0), Part("P3", "Three", (first,), 0))
sys.argv[1:] = ["--report", {str(document)!r}]
command.main()
"""
    running = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(pid.exists)
        assert "**Not over: 1 parts so far.**" in document.read_text()
        running.send_signal(number)
        assert running.wait(PATIENCE_S) == 130
    finally:
        running.kill()
        running.wait()
    report = document.read_text()
    assert "| P1 | One | passed |" in report
    assert "| P2 | Two | **interrupted** |" in report
    assert "| P3 | Three | not run |" in report
    assert "**Interrupted in part 2.**" in report
    assert not is_running(int(pid.read_text()))


@pytest.mark.slow
def test_a_part_that_is_run_again_stands_in_the_place_of_what_was_said_of_it(
    tmp_path: Path, document: Path
) -> None:
    skips = 'def test_it(): pytest.skip("no such tool")'
    plan = (
        part(tmp_path, "P1", PASSES),
        part(tmp_path, "P2", "def test_it(): assert False"),
        part(tmp_path, "P3", skips),
    )
    run(plan, document)
    before = document.read_text()
    assert "**1 of 3 parts failed.**" in before
    again = part(tmp_path, "P2", PASSES)
    run((again,), document, plan=(plan[0], again, plan[2]), before=read(plan, document))
    report = document.read_text()
    assert "3 parts, none failed." in report
    assert section(report, "P1") == section(before, "P1") != ""
    assert section(report, "P3") == section(before, "P3")
    assert "1,200 answers" in section(report, "P2")


def test_before_the_first_part_has_ended_none_is_said_to_have_run(document: Path) -> None:
    write([], PARTS, document)
    assert document.read_text().count("| not run |") == sum(not part.elsewhere for part in PARTS)


def test_of_the_largest_of_its_kind_the_largest_counts_and_other_counts_are_added_up() -> None:
    result = Result(PARTS[0])
    for answers, late_ms in ((1, 5), (2, 7), (4, 6)):
        result.note("answers", answers)
        result.note("late_ms", late_ms)
    assert result.seen == {"answers": 7, "late_ms": 7}


def test_the_whole_plan_takes_about_three_quarters_of_an_hour_and_each_test_it_names_is_there() -> None:
    assert 40 <= sum(part.minutes for part in PARTS) <= 52
    assert [test for part in PARTS for test in part.tests if not (ROOT / test).exists()] == []


def test_each_part_says_what_must_hold() -> None:
    assert [part.name for part in PARTS if not part.elsewhere and not part.passes] == []
