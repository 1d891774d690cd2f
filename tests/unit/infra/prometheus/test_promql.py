import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.prometheus.promql import selectors


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("up", ["up"]),
        ('sum(rate(http_requests_total{code=~"5.."}[10s]))', ['http_requests_total{code=~"5.."}']),
        ("sum by (pod, node) (rate(x_total[5m])) / ignoring(pod) group_left(job) y", ["x_total", "y"]),
        ("sum(rate(x[1m])) without (pod) and on() up == bool 1", ["x", "up"]),
        ('{__name__="a", b="}"} or vector(0)', ['{__name__="a", b="}"}']),
        ("histogram_quantile(0.95, sum by (le) (rate(lat_bucket[1m] offset 5m)))", ["lat_bucket"]),
        ("job:errors:rate5m > 0.5e3", ["job:errors:rate5m"]),
        ("a @ start() - a # b{x='1'}", ["a"]),
        ("max_over_time(rate(a[1m])[5m:10s])", ["a"]),
        ("topk(3, a) unless NaN", ["a"]),
        ("label_replace(up, 'a', 'b{c}', \"d\", `e`)", ["up"]),
        ("vector(1)", []),
        ("", []),
        ("time() - 1h30m", []),
        ('x {a="b"} [5m]', ['x{a="b"}']),
    ],
)
def test_selectors_are_found(query: str, found: list[str]) -> None:
    assert selectors(query) == found


@given(st.text())
def test_any_text_gives_a_list(text: str) -> None:
    assert all(isinstance(one, str) for one in selectors(text))


def test_long_nonsense_takes_no_time() -> None:
    assert selectors("{" * 20_000 + '"' * 20_001) == []
