"""Dates as authors write them: source text -> aware datetime in UTC.

The forms are those of Jekyll's archives, read from the text itself and never from a YAML library's guess.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo

REMEDY = "Write it like 2018-07-17 12:00:00-0300."
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_USUAL = re.compile(
    r"""(?!9999)([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})
        (?:[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[ ]?([+-](?:0[0-9]|1[0-3])):?([0-5][0-9]))?)?""",
    re.VERBOSE,
)
_DAY = re.compile(r"([0-9]{1,9})([-/])([0-9]{1,9})\2([0-9]{1,9})(?![0-9])")
_TIME = re.compile(
    r"""(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{1,2})            # hour and minute
        (?::([0-9]{1,2})(?:[.,]([0-9]{0,9})[0-9]*)?)?       # second and its fraction
        (?![0-9:])
        (?:[ \t]*([AaPp])\.?[Mm]\b\.?)?""",
    re.VERBOSE,
)
_OFFSET = re.compile(r"[ \t]*(?:([+-])([0-9]{1,2})(?::([0-9]{2})|(?<=[0-9]{2})([0-9]{2}))?(?![0-9:])|([Zz])\b)")
_ZONE_NAME = re.compile(r"[ \t]+([A-Za-z]{2,4})\b")
_WRONG_TIME = re.compile(r"[-/:]|[Tt](?:[0-9]|$)|[ \t]+[0-9]+(?::|[ \t]*$)")
# Three digits, as in 12:00-400, are no offset to Ruby: it takes the site's time.
_WRONG_OFFSET = re.compile(r"[ \t]*[+-](?![0-9]{3}(?![0-9:]))[0-9]")
_WORDS = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,[ \t]*)?"
    r"(?:([A-Za-z]{3,9})\.?[ \t]+([0-9]{1,2})(?:st|nd|rd|th)?,?|([0-9]{1,2})[ \t]+([A-Za-z]{3,9})\.?,?)"
    r"[ \t]+([0-9]{4})(?![0-9])"
)
# The names that Ruby's Time knows, which is what Jekyll reads with (RFC 2822, section 4.3).
_ZONES = {
    "UTC": 0, "UT": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_MONTH_NUMBERS = {name[:length].lower(): n for n, name in enumerate(MONTHS, 1) for length in (3, 4, len(name))}


class DateError(ValueError):
    """Text that is not a date. Its message is one sentence that says why; `REMEDY` says what to write."""


def read_date(text: str, zone: tzinfo, *, plain: bool = True, naive_utc: bool = False) -> datetime:
    """The instant that `text` names, in UTC.

    A date alone is midnight in `zone`. A time without offset is in `zone` too, unless `naive_utc` (Jekyll's rule)
    and the value was `plain`, not in quotes, and has seconds: then it is UTC. Zone names other than the American
    ones mean `zone`, and words after a date are passed over, both as in Jekyll. Raises DateError.
    """
    text = text.strip()
    if usual := _USUAL.fullmatch(text):
        try:
            return _read_usual(usual, zone, plain and naive_utc)
        except ValueError:
            pass  # the reason is found below
    instant = _read(text, zone, plain and naive_utc)
    if instant.year == 9999:
        _show(instant, zone)
    return instant


def _read_usual(usual: re.Match[str], zone: tzinfo, naive_utc: bool) -> datetime:
    """The same as `_read` for the forms that nearly all posts use, faster. Raises ValueError."""
    day, time, hours, minutes = usual.groups()
    if hours:
        return datetime.fromisoformat(f"{day}T{time}{hours}:{minutes}").astimezone(UTC)
    if time:
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC if naive_utc else zone).astimezone(UTC)
    return datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)


def _read(text: str, zone: tzinfo, naive_utc: bool) -> datetime:
    year, month, day, end = _day(text)
    time = _TIME.match(text, end)
    if time is None:
        if _WRONG_TIME.match(text, end):
            raise DateError("What follows the day is not a time of day.")
        return _instant(year, month, day, (0, 0, 0, 0), zone)
    clock = _clock(time)
    offset, end = _offset(text, time.end())
    if offset is not None:
        return _instant(year, month, day, clock, timezone(timedelta(minutes=offset)))
    is_utc = naive_utc and time[3] is not None and end == len(text)
    return _instant(year, month, day, clock, UTC if is_utc else zone)


def _day(text: str) -> tuple[int, int, int, int]:
    if found := _DAY.match(text):
        if len(found[1]) < 4:
            raise DateError("It must begin with a year of four digits, then month and day.")
        return int(found[1]), int(found[3]), int(found[4]), found.end()
    if found := _WORDS.match(text):
        name = found[1] or found[4]
        month = _MONTH_NUMBERS.get(name.lower())
        if month is None:
            raise DateError(f"{name} is not an English name of a month.")
        return int(found[5]), month, int(found[2] or found[3]), found.end()
    raise DateError("It must begin with year, month and day.")


def _clock(time: re.Match[str]) -> tuple[int, int, int, int]:
    hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
    if time[5]:
        if not 1 <= hour <= 12:
            raise DateError(f"With am or pm the hour goes from 1 to 12, not {hour}.")
        hour = hour % 12 + (12 if time[5] in "Pp" else 0)
    if hour > 23:
        raise DateError(f"Hours go from 0 to 23, not {hour}.")
    if minute > 59:
        raise DateError(f"Minutes go from 0 to 59, not {minute}.")
    if second > 59:
        raise DateError(f"Seconds go from 0 to 59, not {second}.")
    return hour, minute, second, int((time[4] or "").ljust(6, "0")[:6])


def _offset(text: str, start: int) -> tuple[int | None, int]:
    """Minutes east of UTC, None without a known zone, and where in `text` the zone ends."""
    if found := _OFFSET.match(text, start):
        if found[5]:
            return 0, found.end()
        hours, minutes = int(found[2]), int(found[3] or found[4] or 0)
        if minutes > 59 or hours * 60 + minutes > 14 * 60:
            raise DateError("No place on Earth is further than 14:00 hours from UTC.")
        return (hours * 60 + minutes) * (-1 if found[1] == "-" else 1), found.end()
    if _WRONG_OFFSET.match(text, start):
        raise DateError("What follows the time is not an offset from UTC like -0300.")
    if (found := _ZONE_NAME.match(text, start)) and found[1].upper() in _ZONES:
        return _ZONES[found[1].upper()] * 60, found.end()
    return None, start


def _instant(year: int, month: int, day: int, clock: tuple[int, int, int, int], zone: tzinfo) -> datetime:
    if not 1000 <= year <= 9999:
        raise DateError("Years go from 1000 to 9999.")
    if not 1 <= month <= 12:
        raise DateError(f"There is no month {month}.")
    if day < 1:
        raise DateError("There is no day 0.")
    last = monthrange(year, month)[1]
    if day > last:
        raise DateError(f"{MONTHS[month - 1]} {year} has {last} days.")
    return _show(datetime(year, month, day, *clock, tzinfo=zone), UTC)


def _show(instant: datetime, zone: tzinfo) -> datetime:
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise DateError("It lies beyond the year 9999.") from None
