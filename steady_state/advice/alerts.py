"""Nobody was told, or later than the judge knew: an alert that is missing, or waits too long."""

from collections.abc import Iterator

from faultcast.steady_state.advice.advice import Advice, ManifestChange, Figure
from faultcast.steady_state.advice.case import Case, Hurt
from faultcast.steady_state.advice.patches import ABSENT, yaml_of

__all__ = ["LATE", "late_alert", "missing_alert"]

LATE = 10.0
"""Seconds by which an alert may be later than the judge: an evaluation of the rules, and a scrape."""


RULE = "alerting rule"
"""Rules of Prometheus lie in files, ConfigMaps or PrometheusRules: no one object of the API holds them."""


def missing_alert(case: Case) -> Iterator[Advice]:
    """Somebody looked for alerts, and none about the faults fired while a metric deviated."""
    hurt = _worst_seen(case)
    if not case.response.silent or hurt is None or hurt.detected is None:
        return
    name = "".join(word.capitalize() for word in hurt.spec.name.split("_")) + "Deviates"
    rule = {"alert": name, "expr": _condition(hurt), "labels": {"severity": "critical"}}
    yield Advice(
        rule="alert",
        cause=f"{hurt.spec.name} deviated and no alert about the fault fired",
        root="alert",
        change=ManifestChange(
            RULE,
            "",
            name,
            "expr",
            ABSENT,
            _condition(hurt),
            yaml_of({"groups": [{"name": "advice", "rules": [rule]}]}),
        ),
        evidence=(
            Figure("alerts about the fault", 0),
            Figure("the judge saw the deviation after", hurt.detected, "s"),
            *((hurt.evidence,) if hurt.evidence else ()),
        ),
        metrics=(hurt.spec.name,),
        critical=hurt.spec.critical,
        confidence="high",
        because="Prometheus was asked for its alerts after the trial, and there was none",
        silent_when="an alert about a target that fires while the metric deviates",
        lost=hurt.lost,
    )


def late_alert(case: Case) -> Iterator[Advice]:
    """The first alert waited on its `for` long after the judge had seen the deviation."""
    hurt, alert = _worst_seen(case), case.response.alert
    if alert is None or alert.pending is None or hurt is None or hurt.detected is None:
        return
    waited, late = alert.seconds - alert.pending, alert.seconds - hurt.detected
    if late <= LATE or late - waited > LATE:
        return  # in time, or late for another reason than its wait
    shorter = max(0.0, waited - late)
    yield Advice(
        rule="alert",
        cause=f"{alert.name} fired {late:.0f} s after the judge saw that {hurt.spec.name} deviates",
        root="alert",
        change=ManifestChange(
            RULE,
            "",
            alert.name,
            "for",
            f"{waited:.0f}s",
            f"{shorter:.0f}s",
            yaml_of({"alert": alert.name, "for": f"{shorter:.0f}s"}),
        ),
        evidence=(
            Figure(f"{alert.name} fired after", alert.seconds, "s"),
            Figure("the judge saw the deviation after", hurt.detected, "s"),
            Figure(f"{alert.name} was pending for", waited, "s"),
        ),
        metrics=(hurt.spec.name,),
        critical=hurt.spec.critical,
        confidence="medium",
        because="how often a shorter wait would alarm for nothing was not measured",
        silent_when=f"the alert within {LATE:.0f} s of the judge's detection, or late without its wait too",
        lost=hurt.lost,
    )


def _worst_seen(case: Case) -> Hurt | None:
    return next((one for one in case.hurt if one.detected is not None), None)


def _condition(hurt: Hurt) -> str:
    """The metric's query beyond half of what was measured, and no closer than what matters at all."""
    spec, effect = hurt.spec, hurt.effect or 0.0
    forecast = effect / hurt.relative if hurt.relative else 0.0
    sign = 1 if effect >= 0 else -1
    bound = forecast + sign * max(abs(effect) / 2, spec.matters_from(forecast) or 0.0)
    query = f"rate(({spec.query})[1m:])" if spec.kind == "counter" else f"({spec.query})"
    return f"{query} {'>' if sign > 0 else '<'} {bound:.3g}"
