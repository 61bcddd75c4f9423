"""The log: one event after the other, as text or as lines of JSON."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


def set_up(form: str, *, quiet: bool = False) -> None:
    """Write to standard error in the form "text" or "json", unless somebody has set up logging before.

    `quiet` leaves out what is less than an error.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.ERROR if quiet else logging.INFO, handlers=[handler])


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False)
