"""Marks are told in order, and never hold up or fail a trial."""

from collections.abc import Sequence
from datetime import datetime
from threading import Event

import pytest

from faultcast.experiments.marks.mark import Mark
from faultcast.experiments.marks.telling import Marks
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import MarkError
from tests.factories import at

GATEWAY = (Target("pod", "shop", "gateway-1", "1"),)


class Noting:
    """A destination that notes what it is told."""

    name = "noting"

    def __init__(self, fails_at: str = "", error: Exception | None = None) -> None:
        self.told: list[tuple[str, str]] = []
        self.fails_at, self.error = fails_at, error or MarkError("it is away", remedy="look")

    def begin(self, mark: Mark) -> None:
        self.note("begin", mark)

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        self.note("left" if left else "end", mark)

    def note(self, word: str, mark: Mark) -> None:
        self.told.append((word, mark.number))
        if word == self.fails_at:
            raise self.error


class Hanging(Noting):
    """A destination that answers when the test lets it."""

    name = "hanging"

    def __init__(self) -> None:
        super().__init__()
        self.release = Event()

    def begin(self, mark: Mark) -> None:
        self.release.wait(5.0)
        super().begin(mark)


def begin(marks: Marks, key: tuple[int, int] = (0, 0)) -> None:
    marks.begin(key, "pod-delete", GATEWAY, at(0), at(40))


def test_every_mark_is_begun_and_ended_in_order() -> None:
    noting = Noting()
    marks = Marks([noting], "e", "run", "trial")
    begin(marks)
    begin(marks)
    begin(marks, (1, 0))
    marks.end((1, 0), ["a pod"])
    marks.end((0, 0))
    assert marks.finish() == ()
    assert noting.told == [
        ("begin", "0.0.0"),
        ("begin", "0.0.1"),
        ("begin", "1.0.0"),
        ("left", "1.0.0"),
        ("end", "0.0.0"),
        ("end", "0.0.1"),
    ]


def test_the_end_of_what_never_began_is_no_end() -> None:
    noting = Noting()
    marks = Marks([noting])
    marks.end((0, 0))
    assert marks.finish() == ()
    assert noting.told == []


@pytest.mark.parametrize("error", [None, ValueError("odd")])
def test_one_that_fails_is_named_once_and_disturbs_no_other(error: Exception | None) -> None:
    failing, noting = Noting("begin", error), Noting()
    marks = Marks([failing, noting])
    begin(marks)
    begin(marks)
    marks.end((0, 0))
    ((name, trouble),) = marks.finish()
    assert name == "noting"
    assert trouble == ("it answers nothing that can be used: ValueError" if error else "it is away")
    assert [word for word, _ in failing.told] == ["begin", "begin"], "what was not begun is not ended"
    assert [word for word, _ in noting.told] == ["begin", "begin", "end", "end"]


def test_one_that_hangs_holds_up_nobody_and_is_named() -> None:
    hanging, noting = Hanging(), Noting()
    marks = Marks([hanging, noting])
    begin(marks)
    marks.end((0, 0))
    try:
        assert marks.finish(patience=0.05) == (("hanging", "it did not answer in time"),)
        assert [word for word, _ in noting.told] == ["begin", "end"]
    finally:
        hanging.release.set()
