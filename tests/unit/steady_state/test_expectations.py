"""What an experiment may expect of a metric beside a forecast: limits, shares, load, peers, presence."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from faultcast.experiments.document.extension import MetricSpec
from faultcast.forecasting.counters import rates
from faultcast.steady_state.trial import assess, judge_trial
from faultcast.steady_state.verdict import MetricVerdict, Phase, Status, TrialVerdict
from faultcast.steady_state.window.tolerance import judge_tolerance
from tests.unit.steady_state.trials import (
    ERRORS,
    LATENCY,
    RATE,
    at,
    change,
    history,
    quiet,
    samples,
)

LIMITED = MetricSpec(name="errors", query="e", unit="ratio", between=(0.0, 0.05), recovers_within=20.0)


def part(verdict: TrialVerdict, metric: str, phase: Phase = "during") -> MetricVerdict:
    return next(one for one in verdict.metrics if (one.metric, one.phase) == (metric, phase))


def having(spec: MetricSpec, **changes: Any) -> MetricSpec:
    return MetricSpec.model_validate({**spec.model_dump(), **changes})


class TestTolerance:
    def errors(self, size: float, seconds: float) -> dict[str, pd.Series]:
        series = quiet()
        series["errors"] = change(series["errors"], at(272), at(272 + seconds), lambda _: size)
        return series

    @pytest.mark.parametrize(
        ("size", "seconds", "status"),
        [
            (0.0, 20, Status.HELD),
            (0.04, 20, Status.HELD),
            (0.06, 28, Status.DEVIATED),
            (0.06, 10, Status.DEVIATED),
            (0.06, 4, Status.HELD),
            (0.9, 4, Status.DEVIATED),
        ],
    )
    def test_limits_are_broken_on_average_or_for_a_quarter_of_the_window(
        self, size: float, seconds: float, status: Status
    ) -> None:
        verdict = judge_trial(history(LIMITED), self.errors(size, seconds))
        found = part(verdict, "errors").verdict
        assert (found.status, found.p_value, found.model) == (status, None, "tolerance")

    def test_the_sentence_names_the_limits(self) -> None:
        verdict = judge_trial(history(LIMITED), self.errors(0.9, 28))
        assert verdict.reasons[0] == (
            "during the fault: errors 84 % against 0-5 % allowed; 14 of 15 samples outside"
        )

    def test_back_means_back_within_the_limits(self) -> None:
        verdict = judge_trial(history(having(LIMITED, during="any")), self.errors(0.9, 40))
        assert verdict.status is Status.HELD, verdict.reasons
        recovery = part(verdict, "errors", "after").recovery
        assert recovery is not None
        assert recovery.seconds == 2.0  # after the fault: 12 s, of which the query looks back over 10

    def test_no_history_is_needed(self) -> None:
        short = quiet()["errors"][at(230) : at(238)]
        assert assess(LIMITED, short, window=30) is None
        assert "too little history" in (assess(ERRORS, short, window=30) or "")

    @pytest.mark.parametrize(("rate", "status"), [(-8.0, Status.DEVIATED), (0.0, Status.HELD)])
    def test_a_forecast_can_be_asked_for_as_well(self, rate: float, status: Status) -> None:
        series = quiet()
        series["rate"] = change(series["rate"], at(270), at(300), lambda s: s + rate)
        both = having(RATE, between=(5.0, 40.0), forecast=True)
        assert judge_trial(history(both), series).status is status
        assert judge_trial(history(having(both, forecast=False)), series).status is Status.HELD
        broken = part(judge_trial(history(having(both, between=(30.0, 40.0))), series), "rate").verdict
        assert broken.status is Status.DEVIATED

    def test_missing_samples_are_no_proof_of_limits_that_held(self) -> None:
        window = quiet()["errors"][at(270) : at(299)].copy()
        window.iloc[:4] = np.nan
        assert judge_tolerance(window, (0, 1), name="errors").status is Status.UNKNOWN
        assert judge_tolerance(window + 2, (0, 1), name="errors").status is Status.DEVIATED
        assert judge_tolerance(window * np.nan, (0, 1), name="errors").status is Status.UNKNOWN


class TestSmallestEffect:
    @pytest.mark.parametrize(
        ("share", "status"), [("5%", Status.DEVIATED), ("20%", Status.HELD), (4.0, Status.HELD)]
    )
    def test_it_may_be_a_share_of_the_usual_level(self, share: str | float, status: Status) -> None:
        series = quiet()
        series["rate"] = change(series["rate"], at(270), at(300), lambda s: 0.88 * s)
        verdict = judge_trial(history(having(RATE, smallest_effect=share)), series)
        assert part(verdict, "rate").verdict.status is status

    def test_it_is_a_share_of_whatever_is_expected(self) -> None:
        spec = having(RATE, smallest_effect="7.5%")
        assert (spec.matters_from(-40.0), spec.matters_from(0.0)) == (3.0, 0.0)


class TestCommonCause:
    def loaded(self, *, latency: float, load: float) -> dict[str, pd.Series]:
        """A latency that follows a load which wanders without a season."""
        rng = np.random.default_rng(7)
        walk = np.cumsum(rng.normal(size=180)) * 0.6
        series = quiet()
        series["rate"] = samples(lambda s: 60 + walk[(s / 2).astype(int)])
        series["rate"] = change(series["rate"], at(272), at(300), lambda s: s + load)
        series["latency"] = 0.08 + 0.002 * (series["rate"] - 60)
        series["latency"] += 0.0005 * rng.normal(size=180)
        series["latency"] = change(series["latency"], at(272), at(300), lambda s: s + latency)
        return series

    SPECS = (
        MetricSpec(name="rate", query="r", during="any"),
        MetricSpec(name="latency", query="l", unit="s", direction="up", follows=("rate",)),
    )

    def test_a_load_that_grew_explains_what_follows_it(self) -> None:
        series = self.loaded(latency=0.0, load=12.0)
        verdict = judge_trial(history(*self.SPECS), series)
        assert part(verdict, "latency").verdict.status is Status.HELD, verdict.reasons
        assert "given rate" in " ".join(part(verdict, "latency").verdict.reasons)
        alone = (self.SPECS[0], having(self.SPECS[1], follows=()))
        assert judge_trial(history(*alone), series).status is Status.DEVIATED

    def test_it_does_not_explain_more_than_that(self) -> None:
        series = self.loaded(latency=0.02, load=12.0)
        verdict = part(judge_trial(history(*self.SPECS), series), "latency").verdict
        assert verdict.status is Status.DEVIATED
        assert verdict.effect == pytest.approx(0.02 * 14 / 15, rel=0.25)

    def test_peers_that_nobody_touched_explain_what_hit_them_all(self) -> None:
        series = self.loaded(latency=0.0, load=12.0)
        series["latency.control"] = series["latency"] + 0.0005 * np.random.default_rng(8).normal(size=180)
        spec = having(self.SPECS[1], follows=(), control="p")
        verdict = part(judge_trial(history(spec), series), "latency").verdict
        assert verdict.status is Status.HELD
        assert "given its untouched peers" in " ".join(verdict.reasons)


class TestPresence:
    SPEC = having(LATENCY, presence="count(up)")

    def gone(self, presence: float) -> dict[str, pd.Series]:
        series = quiet()
        series["latency"] = change(series["latency"], at(274), at(300), lambda _: np.nan)
        series["latency.presence"] = change(samples(np.ones_like), at(274), at(300), lambda _: presence)
        return series

    @pytest.mark.parametrize("presence", [0.0, np.nan])
    def test_samples_that_are_missing_because_nothing_is_left_are_an_outage(self, presence: float) -> None:
        verdict = judge_trial(history(self.SPEC), self.gone(presence))
        assert verdict.status is Status.DEVIATED
        assert "latency: 13 of 15 samples are missing because nothing was left" in verdict.reasons[0]

    def test_samples_that_are_missing_for_another_reason_are_unknown(self) -> None:
        verdict = judge_trial(history(self.SPEC), self.gone(1.0))
        assert verdict.status is Status.UNKNOWN

    def test_without_the_monitoring_nothing_is_said(self) -> None:
        series = self.gone(np.nan)
        series["monitoring_up"] = change(series["monitoring_up"], at(274), at(300), lambda _: np.nan)
        verdict = judge_trial(history(self.SPEC), series)
        assert verdict.status is Status.UNKNOWN
        assert "monitoring itself was away" in verdict.reasons[0]

    def test_what_would_have_made_it_known_is_said(self) -> None:
        series = self.gone(0.0)
        del series["latency.presence"]
        reasons = part(judge_trial(history(LATENCY), series), "latency").verdict.reasons
        assert "a `presence` query would tell" in reasons[-1]


class TestCounters:
    def test_a_reset_is_a_hole_and_no_drop(self) -> None:
        rises, reset = rates(np.array([10.0, 14, np.nan, 20, 24, 3, 7]), 2.0)
        np.testing.assert_array_equal(rises, [np.nan, 2, np.nan, np.nan, 2, np.nan, 2])
        np.testing.assert_array_equal(np.flatnonzero(reset), [5])

    def test_a_counter_is_judged_as_a_rate(self) -> None:
        series = quiet()
        series["rate"] = (2 * series["rate"]).cumsum()
        restarted = series["rate"].copy()
        restarted[at(280) :] -= restarted[at(280)] - 5
        spec = having(RATE, kind="counter", unit="req")
        for counter in (series["rate"], restarted):
            verdict = judge_trial(history(spec), {**series, "rate": counter})
            assert verdict.status is Status.HELD, verdict.reasons
            assert "req/s" in verdict.reasons[0]
        stalled = series["rate"].copy()
        stalled[at(274) :] = stalled[at(274)]
        assert judge_trial(history(spec), {**series, "rate": stalled}).status is Status.DEVIATED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"between": (1, 0)}, "lowest value"),
        ({"forecast": False}, "nothing is left to judge by"),
        ({"follows": ("rate",)}, "follows itself"),
        ({"smallest_effect": "-3%"}, "no size of an effect"),
        ({"smallest_effect": 0}, "no size of an effect"),
        ({"smallest_effect": "much"}, "no size of an effect"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MetricSpec.model_validate({"name": "rate", "query": "r", **changes})
