"""What the budget of templates protects: hostile ones, within it, and in Jinja's sandbox with a clock in loops.

    python -m bench.sandbox

Each runs in a process of its own that may take 2 GB and 20 seconds.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_BYTES, MOST_SECONDS = 2_000_000_000, 20
HOSTILE = {
    "a loop in a loop in a loop": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "one text, a thousand million times": "{{ ('x' * 1000000000)|length }}",
    "a text that doubles": (
        "{% set n = namespace(t='x' * 1000) %}{% for i in range(24) %}{% set n.t = n.t ~ n.t %}{% endfor %}"
    ),
    "a field as wide as it says": "{{ '%1500000000d'|format(1) }}",
    "str.format as wide": "{{ '{:1500000000}'.format(1) }}",
    "a number of a hundred million digits": "{{ (10 ** 30000000) % 7 }}",
    "words of one long line": "{{ ('x ' * 2000000)|wordwrap(3)|length }}",
    "marks without an end": "{{ ('<' * 60000)|striptags|length }}",
    "indent of many lines": "{{ ('a\n' * 20000)|indent(40000)|length }}",
    "a list of lists": "{{ ([[1] * 2000] * 20000)|sum(start=[])|length }}",
    "a page without an end": "{% for i in range(99999) %}{{ 'x' * 900000 }}{% endfor %}",
    "keys that hash alike": (
        "{% set n = namespace(d={}) %}{% for i in range(25000) %}"
        "{% set n.d = dict(n.d, **{i|string: 1}) %}{% endfor %}"
    ),
    "honest: a list of 1,000 posts": (
        "{% for i in range(1000) %}<li><a href='/{{ i }}/'>{{ 'Title' ~ i }}</a>{% endfor %}"
    ),
}


class _Clock(NodeTransformer):
    def visit_For(self, node: nodes.For) -> Any:  # noqa: N802
        self.generic_visit(node)
        call = nodes.Call(nodes.EnvironmentAttribute("tick"), [], [], None, None, lineno=node.lineno)
        node.body.insert(0, nodes.ExprStmt(call, lineno=node.lineno))
        return node


class Clocked(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with one look at the clock in each loop."""

    ends = float("inf")

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Clock().visit(tree)
        return tree

    def tick(self) -> None:
        if time.thread_time() > self.ends:
            raise jinja2.TemplateRuntimeError("it takes more than 5 seconds")


def attack(kind: str, source: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    start = time.process_time()
    try:
        if kind == "budget":
            from bitacora.web.sandbox import Sandbox

            sandbox = Sandbox(autoescape=True)
            sandbox.meter_filters()
            start = time.process_time()
            with sandbox.budget():
                sandbox.from_string(source).render()
        else:
            clocked = Clocked(autoescape=True)
            clocked.ends = time.thread_time() + 5
            clocked.from_string(source).render()
        end = "rendered"
    except MemoryError:
        end = "out of memory"
    except jinja2.TemplateError as error:
        end = f"refused: {error}"[:60]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    print(f"{time.process_time() - start:6.2f} s {peak:5} MB  {end}")


def main() -> None:
    if len(sys.argv) > 1:
        attack(sys.argv[1], sys.argv[2])
        return
    for name, source in HOSTILE.items():
        for kind in ("budget", "clock"):
            command = [sys.executable, "-m", "bench.sandbox", kind, source]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS)
                said = done.stdout.strip() or f"killed: {done.returncode}"
            except subprocess.TimeoutExpired:
                said = f"  more than {MOST_SECONDS} s"
            print(f"{name:38} {kind:7} {said}", flush=True)


if __name__ == "__main__":
    main()
