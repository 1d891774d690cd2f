"""How the experiments did over weeks: verdicts, recovery, how much nobody could tell, and what is stale."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from faultcast.reports.grafana.source.frame import SPAN, TRIAL_LINK, choice, framed
from faultcast.reports.grafana.source.panels import VERDICTS, Panel, graph, number, sheet
from faultcast.reports.grafana.source.queries import MYSQL, Sql

__all__ = ["history"]

_CHOSEN = "t.experiment IN (${experiment:sqlstring}) AND $__timeFilter(t.started)"
_METRICS = "metric_verdicts m JOIN trials t ON t.id = m.trial_id"
_LATE = "(m.recovery_censored OR m.recovery_seconds > m.recovery_allowed_seconds)"
_NONE = "no trial in this time"
_MARK = "IF(t.known_weakness IS NULL AND t.known_blindness IS NULL, '', 'known')"


def history() -> Dashboard:
    """The dashboard."""
    sums = (
        _sum("Trials", "Trials that began in this time.", "COUNT(*)", unit="short", base="blue"),
        _sum(
            "HELD",
            "Share of the trials that could be judged in which the steady state held.",
            "SUM(t.status = 'HELD') / NULLIF(SUM(t.status <> 'UNKNOWN'), 0)",
            steps=((0.8, "orange"), (0.95, "green")),
            base="red",
            empty="no trial could be judged",
        ),
        _sum(
            "UNKNOWN",
            "Share of the trials of which nobody can tell. A large share says that the monitoring or the "
            "baselines need work, not the system.",
            "AVG(t.status = 'UNKNOWN')",
            steps=((0.1, "orange"), (0.25, "red")),
        ),
        _sum(
            "Slowest recovery",
            "The longest recovery that was seen to its end.",
            "MAX(IF(m.recovery_censored, NULL, m.recovery_seconds))",
            of=_METRICS,
            unit="s",
            base="blue",
            empty="no recovery was seen to its end",
        ),
        _sum(
            "Not back in time",
            "Metrics that were later than allowed, or not back when their watch ended.",
            f"SUM({_LATE})",
            of=_METRICS,
            unit="short",
            steps=((1, "red"),),
        ),
        _sum(
            "Since the newest trial",
            "How stale all this is.",
            "TIMESTAMPDIFF(SECOND, MAX(t.ended), UTC_TIMESTAMP(3))",
            unit="s",
            steps=((7 * 86400, "orange"), (30 * 86400, "red")),
        ),
    )
    verdicts = graph(
        "Verdicts by day",
        "Trials of each day (UTC), by verdict.",
        Sql(
            "SELECT CAST(DATE(t.started) AS DATETIME) AS time, SUM(t.status = 'HELD') AS HELD, "
            "SUM(t.status = 'DEVIATED') AS DEVIATED, SUM(t.status = 'UNKNOWN') AS UNKNOWN\n"
            f"FROM trials t WHERE {_CHOSEN} GROUP BY time ORDER BY time",
            series=True,
        ),
        source=MYSQL,
        colours=VERDICTS,
        bars=True,
        empty=_NONE,
    )
    recovery = graph(
        "Recovery",
        "How long each experiment's slowest metric took to come back; recoveries whose end was not seen are "
        "left out.",
        Sql(
            "SELECT t.started AS time, t.experiment AS metric, MAX(m.recovery_seconds) AS seconds\n"
            f"FROM {_METRICS} WHERE {_CHOSEN} AND NOT m.recovery_censored GROUP BY t.id, t.started, t.experiment ORDER BY time",
            series=True,
        ),
        source=MYSQL,
        unit="s",
        points=True,
        empty="no recovery was seen to its end",
    )
    experiments = sheet(
        "Experiments",
        "Each experiment's verdicts in this time. UNKNOWN trials are no part of the share that held.",
        Sql(
            "SELECT t.experiment, COUNT(*) AS trials, SUM(t.status = 'HELD') AS held, "
            "SUM(t.status = 'DEVIATED') AS deviated, SUM(t.status = 'UNKNOWN') AS unknown,\n"
            "  SUM(t.status = 'HELD') / NULLIF(SUM(t.status <> 'UNKNOWN'), 0) AS `share held`, "
            "AVG(t.status = 'UNKNOWN') AS `share unknown`,\n"
            "  TIMESTAMPDIFF(SECOND, MAX(t.ended), UTC_TIMESTAMP(3)) AS `last run`\n"
            f"FROM trials t WHERE {_CHOSEN} GROUP BY t.experiment ORDER BY deviated DESC, unknown DESC, trials DESC"
        ),
        units={"share held": "percentunit", "share unknown": "percentunit", "last run": "s"},
        links={
            "experiment": ("only this", "/d/faultcast-history?var-experiment=${__data.fields.experiment}")
        },
        empty=_NONE,
    )
    latest = sheet(
        "Newest trials",
        "The newest trials. A click on a trial opens it over its time.",
        Sql(
            f"SELECT t.started, t.experiment, t.status AS verdict, {_MARK} AS note, t.reason, t.id AS trial, "
            f"{SPAN}\nFROM trials t WHERE {_CHOSEN} ORDER BY t.started DESC LIMIT 100"
        ),
        hidden=("opens", "closes"),
        links={"trial": ("open", TRIAL_LINK)},
        empty=_NONE,
    )
    late = sheet(
        "Late or not back",
        "Metrics that were later than allowed, or not back when their watch ended; then the seconds are how "
        "long was watched.",
        Sql(
            "SELECT t.started, t.experiment, m.metric, m.recovery_seconds AS took, "
            "m.recovery_allowed_seconds AS allowed,\n"
            "  IF(m.recovery_censored, 'not back when the watch ended', 'late') AS how, t.id AS trial, "
            f"{SPAN}\nFROM {_METRICS} WHERE {_CHOSEN} AND {_LATE}\n"
            "ORDER BY t.started DESC LIMIT 100"
        ),
        hidden=("opens", "closes"),
        units={"took": "s", "allowed": "s"},
        links={"trial": ("open", TRIAL_LINK)},
        width=12,
        empty="every metric was back in time",
    )
    why = sheet(
        "Why nobody can tell",
        "Reasons of UNKNOWN, by metric: most are mended with a longer baseline or better monitoring.",
        Sql(
            "SELECT m.reason, COUNT(*) AS times, COUNT(DISTINCT t.experiment) AS experiments, "
            "MAX(t.started) AS latest\n"
            f"FROM {_METRICS} WHERE {_CHOSEN} AND m.status = 'UNKNOWN' AND m.counts GROUP BY m.reason ORDER BY times DESC LIMIT 50"
        ),
        width=12,
        empty="no metric was UNKNOWN",
    )
    return framed(
        "history",
        "Resilience history",
        "Verdicts and recovery of the experiments over weeks, from the results database.",
        (
            ("In this time", sums),
            ("Over time", (verdicts, recovery)),
            ("Experiments and trials", (experiments, latest)),
            ("What needs attention", (late, why)),
        ),
        variables=(
            choice(
                "experiment",
                "experiment",
                "SELECT DISTINCT experiment FROM trials ORDER BY experiment",
                several=True,
            ),
        ),
        begin="now-30d",
        refresh="1m",
    )


def _sum(
    title: str,
    description: str,
    what: str,
    *,
    of: str = "trials t",
    unit: str = "percentunit",
    steps: tuple[tuple[float, str], ...] = (),
    base: str = "green",
    empty: str = _NONE,
) -> Panel:
    query = Sql(f"SELECT {what} AS value FROM {of} WHERE {_CHOSEN}")
    return number(title, description, query, source=MYSQL, unit=unit, steps=steps, base=base, empty=empty)
