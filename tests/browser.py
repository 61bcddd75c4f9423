"""A real browser, driven over its own protocol."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from programs import tool

PATIENCE_S = 60.0


class Browser:
    """Chromium, spoken to over its pipe (Chrome DevTools Protocol)."""

    def __init__(self, program: str, profile: Path) -> None:
        asked, to_browser = os.pipe()
        from_browser, said = os.pipe()
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (asked, said)]
        flags = [
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--no-sandbox",
        ]
        launch = (
            "import os, sys; a = sys.argv; [os.dup2(int(a[n]), n + 2) for n in (1, 2)]; os.execvp(a[3], a[3:])"
        )
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", launch, *map(str, theirs), program, *flags),
                *("--remote-debugging-pipe", "--disable-component-update", f"--user-data-dir={profile}"),
            ],
            pass_fds=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (asked, said, *theirs):
            os.close(end)
        self._to, self._from = os.fdopen(to_browser, "wb", 0), os.fdopen(from_browser, "rb")
        self._count, self._unread, self._session = 0, b"", ""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def become(self, width: int, scheme: str = "light") -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url: str, width: int = 1280) -> None:
        self.events.clear()
        self.become(width)
        self.ask("Page.navigate", url=url)
        while not self.events or self.events[-1].get("method") != "Page.loadEventFired":
            self.events.append(self._next())
        assert self.run("document.querySelectorAll('h1').length") == 1

    def run(self, script: str) -> Any:
        done = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait_for(self, method: str, about: str = "") -> None:
        """Until this has happened since `events` was cleared, with `about` in what is told of it."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(about in json.dumps(event) for event in self.seen(method)):
            assert time.monotonic() < deadline, f"no {method} about {about!r}"
            self.events.append(self._next())

    def seen(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._to.close()
        self._from.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            assert select.select([self._from], [], [], PATIENCE_S)[0], "the browser says nothing"
            more = os.read(self._from.fileno(), 1 << 16)
            assert more, "the browser has gone"
            self._unread += more
        message, _, self._unread = self._unread.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = tool("chromium", "chromium-browser", "google-chrome")
    with ExitStack() as stack:
        found = Browser(program, tmp_path_factory.mktemp("profile"))
        stack.callback(found.close)
        yield found
