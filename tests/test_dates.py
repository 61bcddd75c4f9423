"""Dates: every form that real posts use, and a reason for what is none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitacora.posts.dates import DateError, read_date

SANTIAGO = ZoneInfo("America/Santiago")


def read(text: str, **rules: bool) -> str:
    return read_date(text, SANTIAGO, **rules).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2018-05-09 12:00:00 -0300", "2018-05-09 15:00:00"),
        ("2018-07-17 12:00:00-0300", "2018-07-17 15:00:00"),
        ("2011-11-08 8:32:24 -0400", "2011-11-08 12:32:24"),
        ("2016-04-10T00:00:00Z", "2016-04-10 00:00:00"),
        ("2015-03-02T10:22:55.000Z", "2015-03-02 10:22:55"),
        ("2014-05-13T10:11:00-04:00", "2014-05-13 14:11:00"),
        ("2015-03-02 10:22:55+08:00", "2015-03-02 02:22:55"),
        ("2015-03-02 10:22:55 +05:30", "2015-03-02 04:52:55"),
        ("2018-07-17 12:00:00 -3", "2018-07-17 15:00:00"),
        ("2018-07-17 12:00:00 +1400", "2018-07-16 22:00:00"),
        ("2016-02-21 12:00 EDT", "2016-02-21 16:00:00"),
        ("2016-02-21 12:00:00 UTC", "2016-02-21 12:00:00"),
        ("Tue, 17 Jul 2018 12:00:00 -0300", "2018-07-17 15:00:00"),
    ],
)
def test_a_time_with_an_offset_is_that_instant(text: str, instant: str) -> None:
    assert read(text) == read(text, naive_utc=True) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2019-06-21", "2019-06-21 04:00:00"),
        ("2019-01-21", "2019-01-21 03:00:00"),
        ("2017-10-8", "2017-10-08 03:00:00"),
        ("2013-02-5", "2013-02-05 03:00:00"),
        ("2018/07/17", "2018-07-17 04:00:00"),
        ("October 8, 2014", "2014-10-08 03:00:00"),
        ("Oct 18, 2014", "2014-10-18 03:00:00"),
        ("17 July 2018", "2018-07-17 04:00:00"),
        ("2016-08-19 (optional)", "2016-08-19 03:00:00"),
        ("  2019-06-21\n", "2019-06-21 04:00:00"),
    ],
)
def test_a_day_alone_is_midnight_in_the_zone_of_the_site(text: str, instant: str) -> None:
    assert read(text) == read(text, naive_utc=True) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2015-10-21 16:52", "2015-10-21 19:52:00"),
        ("2016-02-03 3:00", "2016-02-03 06:00:00"),
        ("2016-02-03 3:00 PM", "2016-02-03 18:00:00"),
        ("2016-02-03 12:30 a.m.", "2016-02-03 03:30:00"),
        ("2016-02-21 12:00 CLT", "2016-02-21 15:00:00"),
        ("2016-02-21 12:00:00 CET", "2016-02-21 15:00:00"),
        ("2016-02-17 12:00-400", "2016-02-17 15:00:00"),
        ("2021-02-09 18:30:22 2021 -0800", "2021-02-09 21:30:22"),
    ],
)
def test_a_time_whose_zone_ruby_does_not_see_is_in_the_zone_of_the_site(text: str, instant: str) -> None:
    assert read(text) == read(text, naive_utc=True) == instant


@pytest.mark.parametrize("text", ["2013-02-05 14:46:22", "2013-02-5 14:46:22", "2013-02-05T14:46:22.5"])
def test_a_full_time_without_offset_is_in_the_zone_of_the_site_unless_the_site_says_utc(text: str) -> None:
    assert read(text) == read(text, naive_utc=True, plain=False) == "2013-02-05 17:46:22"
    assert read(text, naive_utc=True) == "2013-02-05 14:46:22"


def test_fractions_of_a_second_are_kept() -> None:
    assert read_date("2015-03-02T10:22:55.1234567Z", SANTIAGO).microsecond == 123456


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2018-02-30", "February 2018 has 28 days."),
        ("2016-02-30", "February 2016 has 29 days."),
        ("2018-04-31 12:00:00-0300", "April 2018 has 30 days."),
        ("2018-07-00", "There is no day 0."),
        ("2018-13-01", "There is no month 13."),
        ("2018-00-01 12:00:00", "There is no month 0."),
        ("0000-01-01", "Years go from 1000 to 9999."),
        ("99999-01-01", "Years go from 1000 to 9999."),
        ("2018-07-17 24:00:00", "Hours go from 0 to 23, not 24."),
        ("2018-07-17 12:60", "Minutes go from 0 to 59, not 60."),
        ("2018-07-17 12:00:60-0300", "Seconds go from 0 to 59, not 60."),
        ("2018-07-17 13:00 PM", "With am or pm the hour goes from 1 to 12, not 13."),
        ("2018-07-17 12:00:00+99:99", "No place on Earth is further than 14:00 hours from UTC."),
        ("2018-07-17 12:00:00 +14:30", "No place on Earth is further than 14:00 hours from UTC."),
        ("2018-07-17 12:00:00 -0375", "No place on Earth is further than 14:00 hours from UTC."),
        ("2018-07-17 12:00:00 -03000", "What follows the time is not an offset from UTC like -0300."),
        ("2018-07-17 12:00:00:00", "What follows the day is not a time of day."),
        ("2018-07-17 12", "What follows the day is not a time of day."),
        ("2018-07-17-18", "What follows the day is not a time of day."),
        ("17/07/2018", "It must begin with a year of four digits, then month and day."),
        ("Julio 17, 2018", "Julio is not an English name of a month."),
        ("pronto", "It must begin with year, month and day."),
        ("9999-12-31 23:00 -0300", "It lies beyond the year 9999."),
        ("1" * 5000 + "-01-01", "It must begin with year, month and day."),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(DateError, match=f"^{why}$"):
        read_date(text, SANTIAGO)


def test_a_date_that_could_not_be_shown_in_the_zone_of_the_site_is_refused() -> None:
    assert read("9999-12-31T23:30Z") == "9999-12-31 23:30:00"
    with pytest.raises(DateError, match="It lies beyond the year 9999"):
        read_date("9999-12-31T23:30Z", ZoneInfo("Asia/Tokyo"))


@given(st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31)), st.integers(-14 * 60, 14 * 60))
def test_any_date_comes_back_as_it_was_written(written: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{written:%Y-%m-%d %H:%M:%S}{sign}{hours:02}:{rest:02}"
    assert read_date(text, SANTIAGO) == datetime.fromisoformat(text).astimezone(UTC)


@given(
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2})?.{0,9}", fullmatch=True) | st.text()
)
def test_any_text_is_a_date_that_can_be_shown_anywhere_or_a_date_error(text: str) -> None:
    try:
        date = read_date(text, ZoneInfo("Pacific/Kiritimati"))
    except DateError:
        return
    assert date.tzinfo is UTC
    date.astimezone(ZoneInfo("Pacific/Kiritimati"))
