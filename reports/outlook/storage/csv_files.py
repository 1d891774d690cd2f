"""Outlooks as CSV: a file for each series, and `index.csv` with a row for each series.

One file a series, because a thousand of them are some hundred megabytes: one can be opened, and all can
be read as `disk_*.csv`. `index.csv` names the files, says what each series' forecast is worth, and lists
what was not forecast, with the reason.
"""

import csv
import errno
import io
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.infra.errors import FaultcastError
from faultcast.infra.redaction import hidden, redacted_data
from faultcast.reports.outlook.storage.numbers import texts, timestamps
from faultcast.reports.outlook.storage.rows import regular

__all__ = ["INDEX_COLUMNS", "SERIES_COLUMNS", "file_name", "write_csv"]

SERIES_COLUMNS = (
    "series", "labels", "unit", "timestamp", "mean", "lower", "upper", "model", "version", "kind",
)  # fmt: skip
"""Of a series' file: one row a time step; `kind` is `history`, `filled` or `forecast`."""

INDEX_COLUMNS = (
    "series", "file", "subject", "metric", "reading", "unit", "model", "mase", "smape", "coverage", "nominal",
    "folds", "gap_share", "clipped", "origin", "ends", "limit", "limit_what", "limit_expected",
    "limit_earliest", "limit_latest", "limit_already", "version", "version_hash", "git_revision", "darts",
    "notes", "refused",
)  # fmt: skip
"""Of `index.csv`; a row with a reason in `refused` has no file."""

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST = 80
_INDEX = "index.csv"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_csv(outlooks: Iterable[Outlook], refused: Sequence[Refusal], folder: Path) -> list[Path]:
    """Write everything, or nothing: files that were there stay as they were until all new ones are whole.

    Args:
        outlooks: The series; taken one after another, so that they need not be in memory together.
        refused: What was not forecast.
        folder: Where to; made when it is not there.

    Returns:
        The files, `index.csv` last.

    Raises:
        FaultcastError: The disk is full, or the folder cannot be written.
        ValueError: Times are not on a regular grid.
    """
    with _clear(folder):
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".outlook-", dir=folder))
    try:
        names: dict[str, None] = {}
        index: list[tuple[object, ...]] = [INDEX_COLUMNS]
        for outlook in outlooks:
            name = file_name(outlook.history.subject)
            if name not in names:
                with _clear(folder):
                    _write(staging / name, _lines(outlook))
                index.append(_index_row(outlook, name))
                names[name] = None
        for each in refused:
            known = {"series": each.title, "refused": each.reason}
            index.append(tuple(known.get(column, "") for column in INDEX_COLUMNS))
        with _clear(folder):
            _write(staging / _INDEX, (_line(row) for row in index))
            # All are whole by now, and a rename needs no room; the index last, since it names the others.
            return [(staging / name).replace(folder / name) for name in (*names, _INDEX)]
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def file_name(subject: Subject) -> str:
    """As in `node_load1_node_worker-0123456789abcdef.csv`: readable, and of this subject alone."""
    title = _UNSAFE.sub("_", subject.title).strip("_.-")[:_LONGEST].rstrip("_.-")
    return f"{title or 'series'}-{subject.id}.csv"


@contextmanager
def _clear(folder: Path) -> Iterator[None]:
    """Say clearly what is wrong with the disk; what the caller's outlooks raise is not caught here."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        why = "the disk is full" if full else (error.strerror or str(error))
        message = f"the forecasts cannot be written as CSV to {folder}: {why}; nothing was changed there"
        remedy = "make room there, or name another folder" if full else "name a folder that you may write to"
        raise FaultcastError(message, remedy=f"{remedy}, then run again") from error


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def _lines(outlook: Outlook) -> Iterator[str]:
    subject, history, forecast = outlook.history.subject, outlook.history, outlook.forecast
    yield _line(SERIES_COLUMNS)
    labels = json.dumps(redacted_data(dict(subject.labels)), ensure_ascii=False)
    # Most of a row is the same for all rows: quoted once.
    before = _line((subject.title, labels, subject.unit.symbol, ""))[:-1]
    after = _line(("", outlook.model, f"{outlook.version.name}@{outlook.version.hash}", ""))[:-1]
    past = timestamps(*regular(history.values.index))
    kinds = np.where(history.filled.to_numpy(), "filled", "history").tolist()
    yield from [
        f"{before}{at}Z,{value},,{after}{kind}\n"
        for at, value, kind in zip(past, _texts(history.values.to_numpy()), kinds, strict=True)
    ]
    times = timestamps(*regular(forecast.times))
    bands = (_texts(forecast.mean), _texts(forecast.lower), _texts(forecast.upper))
    yield from [
        f"{before}{at}Z,{mean},{low},{high}{after}forecast\n"
        for at, mean, low, high in zip(times, *bands, strict=True)
    ]


def _texts(values: NDArray[np.float64]) -> list[str]:
    written = texts(np.where(np.isfinite(values), values, np.nan))
    return ["" if text == "nan" else text or "" for text in written]


def _index_row(outlook: Outlook, name: str) -> tuple[object, ...]:
    subject, crossing, version = outlook.history.subject, outlook.crossing, outlook.version
    limit = subject.limit
    score = next(score for score in outlook.scores if score.chosen)
    return (
        subject.title,
        name,
        subject.id,
        subject.metric,
        subject.reading,
        subject.unit.symbol,
        score.model,
        _text(score.mase),
        _text(score.smape),
        _text(score.coverage),
        outlook.forecast.nominal,
        score.folds,
        _text(outlook.history.gaps.share),
        int(outlook.forecast.clipped.sum()),
        _time(outlook.origin),
        _time(outlook.forecast.times[-1]) if len(outlook.forecast.times) else "",
        _text(limit.value) if limit else "",
        limit.what if limit else "",
        _time(crossing.reached) if crossing else "",
        _time(crossing.earliest) if crossing else "",
        _time(crossing.latest) if crossing else "",
        ("yes" if crossing.already else "no") if crossing else "",
        version.name,
        version.hash,
        version.git_revision,
        version.darts,
        "; ".join(outlook.notes),
        "",
    )


def _text(value: float | None) -> str:
    """The shortest text that reads back as the same number; nothing where there is none."""
    return "" if value is None or not math.isfinite(value) else repr(value)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else timestamps(round(moment.timestamp() * 1000), 0, 1)[0] + "Z"


def _line(fields: Iterable[object]) -> str:
    text = io.StringIO()
    safe = (hidden(field) if isinstance(field, str) else field for field in fields)
    csv.writer(text, lineterminator="\n").writerow(safe)
    return text.getvalue()
