"""What a service of outlooks answers over HTTP: is it alive, is it ready, its metrics, and a page for people.

Alive: its loop runs, and it or the work in hand has shown so lately. What hangs is started anew.

Ready: the configuration was read, and the database and Prometheus have each been reached once since the
start. Standby and leader are ready alike: readiness says that a rollout may go on with this replica, which a
wrong address or password forbids. Later outages leave it ready: the service goes on then (results wait on
disk), and its metrics and page are what people want to see while the database is away.
"""

from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus

from faultcast.infra.leadership.leadership import Leadership
from faultcast.service.checks import Checks
from faultcast.service.http import Answer
from faultcast.service.loop import OutlookLoop
from faultcast.service.telemetry import Telemetry

__all__ = ["METRICS", "pages_of", "why_unwell"]

METRICS = "text/plain; version=0.0.4; charset=utf-8"
_LINKS = ("healthz", "readyz", "metrics")
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Faultcast forecaster</title>
<style>body{{font-family:sans-serif;margin:2em;max-width:50em}}th{{text-align:left;padding-right:2em}}</style>
</head><body><h1>Faultcast forecaster</h1><table>
{rows}
</table><p>{links}</p></body></html>
"""


def why_unwell(loop: OutlookLoop, patience: float, runs: Callable[[], bool]) -> str:
    """Why the service should be started anew; empty when it should not.

    Args:
        loop: Its loop.
        patience: Seconds without a sign of life that are borne.
        runs: Whether the loop's thread is alive.
    """
    if not runs():
        return "the loop has ended"
    if loop.heartbeat_age > patience:
        return f"the loop has shown no sign of life for {loop.heartbeat_age:.0f} s"
    return ""


def pages_of(
    loop: OutlookLoop,
    lease: Leadership,
    checks: Checks,
    telemetry: Telemetry,
    *,
    version: str,
    unwell: Callable[[], str],
) -> Mapping[str, Callable[[], Answer]]:
    """The pages by their paths.

    Args:
        loop: The loop.
        lease: Who leads.
        checks: What is reached.
        telemetry: The metrics.
        version: Version of this program.
        unwell: Why the service should be started anew.
    """

    def healthy() -> Answer:
        why = unwell()
        return _failed(why) if why else Answer("ok\n")

    def ready() -> Answer:
        why = unwell() or ("stopping" if loop.stopping else "")
        if why:
            return _failed(why)
        if checks.missing:
            return _failed("; ".join(f"{what}: {reason}" for what, reason in checks.missing.items()))
        lines = [f"{what}: {reason or 'ok'}" for what, reason in checks.last.items()]
        return Answer("".join(f"{line}\n" for line in ("ok", *lines)))

    def front() -> Answer:
        rows = _rows(loop, lease, checks, version)
        table = "\n".join(f"<tr><th>{escape(one)}</th><td>{escape(other)}</td></tr>" for one, other in rows)
        links = " ".join(f'<a href="/{name}">{name}</a>' for name in _LINKS)
        return Answer(_PAGE.format(rows=table, links=links), kind="text/html; charset=utf-8")

    return {
        "/": front,
        "/healthz": healthy,
        "/readyz": ready,
        "/metrics": lambda: Answer(telemetry.text(), kind=METRICS),
    }


def _rows(loop: OutlookLoop, lease: Leadership, checks: Checks, version: str) -> list[tuple[str, str]]:
    last = "none by this replica yet"
    if loop.last is not None:
        slot, result = loop.last
        told = f"{result.series} series, {result.refused} refused, {result.rows} rows"
        last = f"{slot:%Y-%m-%d %H:%M:%S} UTC: {told}"
        last += f"; {result.waiting}" if result.waiting else ""
    return [
        ("version", version),
        ("this replica", lease.holder),
        ("leads", "this one" if lease.term() else lease.leader or "nobody known"),
        ("last slot", last),
        *((what, reason or "reached") for what, reason in checks.last.items()),
    ]


def _failed(why: str) -> Answer:
    return Answer(f"{' '.join(why.split())}\n", HTTPStatus.SERVICE_UNAVAILABLE)
