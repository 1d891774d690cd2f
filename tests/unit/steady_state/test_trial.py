from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import (
    Mask,
    Outcome,
    Proof,
    Span,
    TrialHistory,
    load_trial,
    save_trial,
)
from faultcast.steady_state import trial
from faultcast.steady_state.trial import assess, gate_reasons, judge_trial
from faultcast.steady_state.verdict import MetricVerdict, Phase, Status, TrialVerdict
from tests.unit.steady_state.trials import (
    END,
    ERRORS,
    FAULT,
    GATE,
    LATENCY,
    RATE,
    RECOVERY,
    at,
    change,
    history,
    quiet,
    samples,
    wave,
)


def part(verdict: TrialVerdict, metric: str, phase: Phase) -> MetricVerdict:
    return next(one for one in verdict.metrics if (one.metric, one.phase) == (metric, phase))


def outage(until: float = 300, errors: float = 0.8) -> dict[str, pd.Series]:
    series = quiet()
    series["errors"] = change(series["errors"], at(272), at(until), lambda _: errors)
    series["rate"] = change(series["rate"], at(272), at(until), lambda s: 0.2 * s)
    return series


def test_an_undisturbed_trial_holds() -> None:
    nothing = replace(history().injections[0], fault="none", targets=())
    latency = replace_spec(LATENCY, recovers_within=20.0)
    verdict = judge_trial(history(RATE, ERRORS, latency, injections=(nothing,)), quiet())
    assert verdict.status is Status.HELD, verdict.reasons
    assert [(one.metric, one.phase) for one in verdict.metrics if one.counts] == [
        ("rate", "during"),
        ("errors", "during"),
        ("latency", "during"),
        ("latency", "after"),
    ]
    assert [one.metric for one in verdict.metrics if one.phase == "gate"] == ["rate", "errors", "latency"]


def test_an_outage_deviates_and_the_gravest_reason_comes_first() -> None:
    verdict = judge_trial(history(RATE, replace_spec(ERRORS, critical=True)), outage())
    assert verdict.status is Status.DEVIATED
    assert verdict.reasons[0].startswith("during the fault: errors 7")
    assert part(verdict, "rate", "during").verdict.status is Status.DEVIATED
    assert part(verdict, "rate", "gate").verdict.status is Status.HELD


def test_a_trial_read_back_from_disk_is_judged_the_same(tmp_path: Path) -> None:
    spec = replace_spec(ERRORS, recovers_within=20.0)
    save_trial(tmp_path, history(spec), outage())
    assert judge_trial(*load_trial(tmp_path)) == judge_trial(history(spec), outage())


def test_a_short_burst_right_after_the_injection_is_seen() -> None:
    series = quiet()
    series["errors"] = change(series["errors"], at(271), at(275), lambda _: 0.3)
    assert judge_trial(history(ERRORS), series).status is Status.DEVIATED


def test_what_may_happen_during_the_fault_does_not_count() -> None:
    anything = [replace_spec(spec, during="any", recovers_within=20.0) for spec in (RATE, ERRORS)]
    verdict = judge_trial(history(*anything), outage())
    assert verdict.status is Status.HELD, verdict.reasons
    assert part(verdict, "errors", "during").verdict.status is Status.DEVIATED
    assert not part(verdict, "errors", "during").counts


class TestRecovery:
    def judge(self, until: float, within: float = 20.0, **changes: object) -> TrialVerdict:
        spec = replace_spec(ERRORS, during="any", recovers_within=within, lookback=2.0)
        return judge_trial(history(spec, **changes), outage(until))

    def test_back_in_time_holds(self) -> None:
        verdict = self.judge(until=316)
        assert verdict.status is Status.HELD
        recovery = part(verdict, "errors", "after").recovery
        assert recovery is not None
        assert (recovery.seconds, recovery.censored, recovery.allowed) == (14.0, False, 20.0)
        assert "back after 14 s" in verdict.reasons[0]

    def test_back_too_late_deviates(self) -> None:
        verdict = self.judge(until=340)
        assert verdict.status is Status.DEVIATED
        assert "back after 38 s, 20 s were allowed" in verdict.reasons[0]

    def test_never_back_deviates_and_is_censored(self) -> None:
        verdict = self.judge(until=400)
        assert verdict.status is Status.DEVIATED
        recovery = part(verdict, "errors", "after").recovery
        assert recovery is not None
        assert recovery.censored
        assert "not back within the 60 s that were watched" in verdict.reasons[0]

    def test_a_watch_that_ended_too_early_cannot_tell(self) -> None:
        assert self.judge(until=400, within=90.0).status is Status.UNKNOWN

    def test_the_clock_starts_when_the_fault_was_over(self) -> None:
        early = replace(history().injections[0], ended=at(280))
        spec = replace_spec(ERRORS, during="any", recovers_within=20.0, lookback=2.0)
        verdict = judge_trial(history(spec, injections=(early,)), outage(until=290))
        recovery = part(verdict, "errors", "after").recovery
        assert recovery is not None
        assert recovery.seconds == 8.0


class TestUnknown:
    @pytest.mark.parametrize(
        "outcome", ["interrupted", "not-judgeable", "gate-failed", "not-injected", "failed"]
    )
    @pytest.mark.parametrize("series", [quiet(), outage()], ids=["quiet", "outage"])
    def test_what_was_not_completed(self, outcome: Outcome, series: Mapping[str, pd.Series]) -> None:
        verdict = judge_trial(history(ERRORS, outcome=outcome, reason="Ctrl-C"), series)
        assert verdict.status is Status.UNKNOWN
        assert outcome in verdict.reasons[0]
        assert "Ctrl-C" in verdict.reasons[0]

    def test_nothing_was_injected(self) -> None:
        verdict = judge_trial(history(ERRORS, injections=()), quiet())
        assert verdict.status is Status.UNKNOWN
        assert verdict.reasons[0] == "nothing was injected"

    @pytest.mark.parametrize("proof", [None, Proof(proved=False, target="still there", peer="-", after=None)])
    def test_the_fault_was_not_proved(self, proof: Proof | None) -> None:
        unproved = replace(history().injections[0], proof=proof)
        verdict = judge_trial(history(ERRORS, injections=(unproved,)), quiet())
        assert verdict.status is Status.UNKNOWN
        assert "not proved" in verdict.reasons[0]

    def test_the_metric_was_blinded(self) -> None:
        series = quiet()
        series["errors"] = change(series["errors"], at(272), at(298), lambda _: np.nan)
        verdict = judge_trial(history(ERRORS), series)
        assert verdict.status is Status.UNKNOWN
        assert "missing" in verdict.reasons[0]

    def test_the_recording_stops_with_the_gate(self) -> None:
        series = {name: values[:FAULT][:-1] for name, values in quiet().items()}
        assert judge_trial(history(ERRORS), series).status is Status.UNKNOWN

    def test_the_monitoring_was_away_though_the_metric_goes_on(self) -> None:
        series = quiet()
        series["monitoring_up"] = change(series["monitoring_up"], at(272), at(292), lambda _: np.nan)
        verdict = judge_trial(history(ERRORS), series)
        assert verdict.status is Status.UNKNOWN
        assert "monitoring itself was away for 10 of 15" in verdict.reasons[0]

    def test_a_rate_that_falls_because_its_range_reaches_into_an_outage_of_the_monitoring(self) -> None:
        series = quiet()
        series["monitoring_up"] = change(series["monitoring_up"], at(274), at(290), lambda _: np.nan)
        series["rate"] = change(series["rate"], at(272), at(290), lambda _: np.nan)
        series["rate"] = change(series["rate"], at(290), at(298), lambda s: 0.3 * s)
        verdict = judge_trial(history(RATE), series)
        assert verdict.status is Status.UNKNOWN
        assert "monitoring itself was away for 8 of 15" in verdict.reasons[0]

    def test_a_metric_that_does_not_exist(self) -> None:
        verdict = judge_trial(history(MetricSpec(name="gone", query="gone")), quiet())
        assert verdict.status is Status.UNKNOWN
        assert "no sample at all" in verdict.reasons[0]

    def test_too_little_baseline(self) -> None:
        series = {name: values[at(220) :] for name, values in quiet().items()}
        verdict = judge_trial(history(RATE), series)
        assert verdict.status is Status.UNKNOWN
        assert "too little history" in verdict.reasons[0]

    def test_no_metric_counts(self) -> None:
        verdict = judge_trial(history(replace_spec(RATE, during="any")), quiet())
        assert verdict.status is Status.UNKNOWN
        assert "no metric counts" in verdict.reasons[0]

    def test_the_gate_deviates(self) -> None:
        series = quiet()
        series["errors"] = change(series["errors"], GATE, END, lambda _: 0.5)
        verdict = judge_trial(history(ERRORS), series)
        assert verdict.status is Status.UNKNOWN
        assert "no steady state before the fault" in verdict.reasons[0]

    def test_the_judge_crashes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash(*_: object) -> None:
            message = "boom"
            raise RuntimeError(message)

        monkeypatch.setattr(trial, "TrialWindows", crash)
        verdict = judge_trial(history(ERRORS), quiet())
        assert verdict.status is Status.UNKNOWN
        assert "RuntimeError: boom" in verdict.reasons[1]


class TestNeighbour:
    def slow(self, machine: float | None) -> TrialVerdict:
        series = quiet()
        series["latency"] = change(series["latency"], at(270), at(300), lambda s: s + 0.05)
        if machine is None:
            del series["machine_outside"]
        else:
            series["machine_outside"] = change(
                series["machine_outside"], at(270), at(300), lambda s: s + machine
            )
        return judge_trial(history(LATENCY, ERRORS), series)

    def test_a_noisy_neighbour_explains_a_latency(self) -> None:
        verdict = self.slow(machine=1.2)
        assert verdict.status is Status.UNKNOWN
        assert "noisy neighbour" in verdict.reasons[0]

    @pytest.mark.parametrize("machine", [None, 0.0, 0.15])
    def test_a_quiet_neighbour_explains_nothing(self, machine: float | None) -> None:
        assert self.slow(machine).status is Status.DEVIATED

    def test_a_noisy_neighbour_explains_no_errors(self) -> None:
        series = outage()
        series["machine_outside"] = change(series["machine_outside"], at(270), at(300), lambda s: s + 1.2)
        assert judge_trial(history(ERRORS), series).status is Status.DEVIATED


def test_an_earlier_fault_in_the_history_is_masked_in_real_time() -> None:
    rate = samples(lambda s: 20 + 4 * wave(s), noise=0.4, seed=4)
    series = {**quiet(), "rate": change(rate, at(60), at(110), lambda s: 0 * s)}
    mask = Mask(Span(at(60), at(110)), "fault of an earlier trial")
    verdict = judge_trial(history(RATE, masks=(mask,)), series)
    assert verdict.status is Status.HELD, verdict.reasons
    down = {**series, "rate": change(series["rate"], at(272), at(300), lambda s: 0.2 * s)}
    assert judge_trial(history(RATE, masks=(mask,)), down).status is Status.DEVIATED


def test_several_metrics_share_one_alpha() -> None:
    series = {**quiet(), "rate": change(quiet()["rate"], at(270), at(300), lambda s: s - 0.15)}
    alone = judge_trial(history(RATE), series)
    assert alone.status is Status.DEVIATED
    p_value = part(alone, "rate", "during").verdict.p_value
    assert p_value is not None
    assert 0.05 / 6 < p_value <= 0.05
    flat = [MetricSpec(name=f"flat{i}", query="x") for i in range(5)]
    series |= {spec.name: quiet()["errors"] for spec in flat}
    together = judge_trial(history(RATE, *flat), series)
    assert together.status is Status.HELD
    assert part(together, "rate", "during").verdict.p_value == p_value


def test_what_was_left_behind_is_said() -> None:
    verdict = judge_trial(history(ERRORS, left_behind=("iptables rule in pod x",)), quiet())
    assert any("iptables rule" in reason for reason in verdict.reasons)


def test_judging_again_gives_the_same_to_the_bit() -> None:
    one, two = (judge_trial(history(RATE), outage()) for _ in range(2))
    assert one == two


def test_the_gate_is_judged_before_anything_is_broken() -> None:
    phases = replace(history().phases, fault=None, recovery=None)
    soon: TrialHistory = history(RATE, ERRORS, phases=phases, injections=())
    series = {name: values[:FAULT][:-1] for name, values in quiet().items()}
    assert gate_reasons(soon, series) == ()
    series["errors"] = change(series["errors"], GATE, FAULT, lambda _: 0.5)
    assert "errors" in gate_reasons(soon, series)[0]


class TestAssess:
    def test_a_long_history_can_be_judged(self) -> None:
        assert assess(RATE, quiet()["rate"][:RECOVERY], window=30) is None

    def test_a_short_one_says_how_much_is_missing(self) -> None:
        reason = assess(RATE, quiet()["rate"][: at(60)], window=30)
        assert reason is not None
        assert "more of clean history" in reason

    def test_no_sample_names_the_query(self) -> None:
        reason = assess(RATE, quiet()["rate"] * np.nan, window=30)
        assert reason is not None
        assert RATE.query in reason


def replace_spec(spec: MetricSpec, **changes: object) -> MetricSpec:
    return spec.model_copy(update=changes)
