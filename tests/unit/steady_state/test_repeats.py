"""What repeats of an experiment say together."""

from dataclasses import replace
from pathlib import Path

from faultcast.experiments.history import TrialHistory
from faultcast.reports.record import TrialRecord
from faultcast.steady_state.repeats import Repeats, repeats_of
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.repeated import repeat, unproved


def summary(*records: TrialRecord) -> Repeats:
    (found,) = repeats_of((record.history, record.verdict) for record in records)
    return found


def test_one_trial_of_each_experiment_is_no_repeat(tmp_path: Path) -> None:
    one = repeat(tmp_path, 1)
    other = replace(one, history=replace(one.history, experiment="store-pod-delete"))
    assert repeats_of([(one.history, one.verdict), (other.history, other.verdict)]) == ()
    assert repeats_of([]) == ()


def test_unknown_trials_are_named_and_part_of_no_share(tmp_path: Path) -> None:
    found = summary(
        repeat(tmp_path, 3, Status.UNKNOWN), repeat(tmp_path, 1), repeat(tmp_path, 2, Status.DEVIATED)
    )
    assert found.trials == ("gateway-1", "gateway-2", "gateway-3")
    assert (found.held, found.deviated, found.unknown) == (1, 1, ("gateway-3",))
    assert found.deviating is not None
    assert (found.deviating.count, found.deviating.of) == (1, 2)


def test_when_all_are_unknown_there_is_no_share(tmp_path: Path) -> None:
    found = summary(*(repeat(tmp_path, number, Status.UNKNOWN) for number in (1, 2)))
    assert found.deviating is None


def test_the_effect_of_each_metric_has_a_median_and_a_range(tmp_path: Path) -> None:
    found = summary(
        repeat(tmp_path, 1), repeat(tmp_path, 2, Status.DEVIATED), repeat(tmp_path, 3, Status.DEVIATED)
    )
    rate = found.metrics[0]
    assert (rate.metric, rate.unit) == ("order_rate", "req/s")
    assert rate.effect is not None
    assert (rate.effect.median, rate.effect.low, rate.effect.high, rate.effect.of) == (-15.9, -15.9, 0.01, 3)
    assert found.metrics[2].recovery is None  # nothing was asked of error_ratio


def test_recoveries_of_each_metric_and_of_the_whole(tmp_path: Path) -> None:
    found = summary(*(repeat(tmp_path, n, seconds=s) for n, s in enumerate((8.0, 10.0, 14.0))))
    assert found.recovery is not None
    assert (found.recovery.median, found.recovery.allowed) == (10, 60)
    assert found.metrics[1].recovery is not None
    assert found.metrics[1].recovery.median == 10


def test_what_the_query_still_hides_at_the_end_of_a_watch_is_not_known(tmp_path: Path) -> None:
    found = summary(
        repeat(tmp_path, 1, seconds=10), repeat(tmp_path, 2, Status.DEVIATED, seconds=65, censored=True)
    )
    assert found.recovery is not None
    assert found.recovery.censored == 1
    assert (
        found.recovery.within is None
    )  # watched for 65 s, of which the query hides 10 s: 60 s are not reached


def test_a_trial_is_back_when_its_slowest_metric_is(tmp_path: Path) -> None:
    record = repeat(tmp_path, 1, seconds=8)
    slow = [replace(part.recovery, seconds=30.0) for part in record.verdict.metrics if part.recovery]
    parts = tuple(
        replace(part, recovery=slow[0]) if part.recovery and part.metric == "order_p95" else part
        for part in record.verdict.metrics
    )
    late = replace(record, verdict=replace(record.verdict, metrics=parts))
    found = summary(late, replace(late, history=replace(late.history, trial="gateway-2")))
    assert found.recovery is not None
    assert found.metrics[0].recovery is not None
    assert (found.metrics[0].recovery.median, found.recovery.median) == (8, 30)


def test_a_trial_without_a_proved_fault_tells_nothing_of_effects(tmp_path: Path) -> None:
    lost = unproved(repeat(tmp_path, 2, Status.UNKNOWN, seconds=1))
    stopped = repeat(tmp_path, 3, Status.UNKNOWN)
    stopped = replace(stopped, history=replace(stopped.history, outcome="interrupted"))
    unsteady = repeat(tmp_path, 4, Status.UNKNOWN)
    gate = unsteady.verdict.metrics[0]
    assert gate.phase == "gate"
    bad = replace(gate, verdict=replace(gate.verdict, status=Status.DEVIATED))
    verdict = replace(unsteady.verdict, metrics=(bad, *unsteady.verdict.metrics[1:]))
    unsteady = replace(unsteady, verdict=verdict)
    found = summary(repeat(tmp_path, 1, seconds=12), lost, stopped, unsteady)
    assert found.passed_over == ("gateway-2", "gateway-3", "gateway-4")
    assert found.recovery is not None
    assert (found.recovery.repeats, found.recovery.median) == (1, 12)
    assert found.metrics[0].effect is not None
    assert found.metrics[0].effect.of == 1


def test_the_same_trials_in_another_order_say_the_same(tmp_path: Path) -> None:
    records = [repeat(tmp_path, n, Status.DEVIATED if n % 2 else Status.HELD, seconds=n) for n in range(5)]
    assert summary(*records) == summary(*reversed(records))


def test_history_and_verdict_are_all_that_is_needed(tmp_path: Path) -> None:
    record = repeat(tmp_path, 1)
    pairs: list[tuple[TrialHistory, TrialVerdict]] = [(record.history, record.verdict)] * 2
    assert repeats_of(pairs)[0].held == 2
