from faultcast.fixtures.progress import Progress


class Terminal:
    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.over: list[str] = []


def test_a_log_gets_a_line_at_once_and_then_one_in_fifteen_seconds() -> None:
    seen = Terminal()
    progress = Progress(seen.lines.append, None, clock=lambda: seen.now)
    for second in range(40):
        seen.now = second
        progress.waiting(f"baseline: {second} s of quiet history", 40.0 - second)
    assert [line.split("]")[0] for line in seen.lines] == ["[   0 s", "[  15 s", "[  30 s"]
    assert "25 s left at most" in seen.lines[1]


def test_another_thing_to_wait_for_is_said_at_once() -> None:
    seen = Terminal()
    progress = Progress(seen.lines.append, None, clock=lambda: seen.now)
    progress.waiting("baseline: 1", None)
    progress.waiting("recovery: 1", None)
    assert len(seen.lines) == 2


def test_a_terminal_gets_every_change_on_one_line() -> None:
    seen = Terminal()
    progress = Progress(seen.lines.append, seen.over.append, clock=lambda: seen.now)
    for second in range(5):
        progress.waiting(f"baseline: {second}", None)
    progress.say("done")
    assert len(seen.over) == 5
    assert seen.lines == ["[   0 s] done"]
