"""Text that is times: dates by the one format that a column has, both read and written, and durations."""

import pandas as pd

from hiddenspace.errors import MissingExtraError

FINEST = {"%f": "us", "%S": "s", "%M": "min", "%H": "h"}
"""The unit of the finest part of a format; whole days without any of these."""


def date_format(column: pd.Series) -> str | None:
    """The one format, such as %d/%m/%Y, by which all text of a column is dates; None where there is none.

    Raises
    ------
    MissingExtraError
        If skrub, which finds the format, is not installed.
    """
    try:
        from skrub import ToDatetime
    except ImportError:
        raise MissingExtraError(
            "Whether text is dates is found out by skrub, which is not installed; pip install 'hiddenspace[tables]'."
        ) from None
    try:
        found: str | None = ToDatetime().fit(column.rename("text")).format_
    except ValueError:  # how skrub says that these are no dates
        return None
    return found


def read_dates(column: pd.Series, format: str | None) -> pd.Series:
    """The times in UTC that text says by a format, by ISO 8601 without one; NaT for what it does not fit."""
    if pd.api.types.is_numeric_dtype(column.dtype):  # what a file makes of 20200131, and of that beside a blank
        column = column.map("{:.17g}".format, na_action="ignore")
    return pd.to_datetime(column, format=format or "ISO8601", errors="coerce", utc=True)


def read_durations(column: pd.Series) -> pd.Series:
    """The durations that text says; NaT for anything else, numbers among it, as they have no unit."""
    numbers = pd.to_numeric(column, errors="coerce").notna()
    return pd.to_timedelta(column.mask(numbers), errors="coerce")


def write_dates(times: pd.Series, format: str) -> pd.Series:
    """Times as text, rounded to the finest part that the format has; missing values stay so."""
    unit = next((unit for part, unit in FINEST.items() if part in format), "D")
    text: pd.Series = times.dt.round(unit).dt.tz_localize("UTC").dt.strftime(format)
    return text
