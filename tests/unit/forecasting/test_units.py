import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.units import Unit, unit_of

NAMES = [
    "x_bytes",
    "x_seconds",
    "x_ratio",
    "x_percent",
    "x_celsius",
    "x_bits",
    "x_watts",
    "x_milliseconds",
    "x",
    "up",
]
READINGS = ["value", "rate", "increase", "p50", "p90", "p99"]


@pytest.mark.parametrize(
    ("metric", "reading", "unit"),
    [
        ("node_filesystem_avail_bytes", "value", Unit("GB", 1e-9, 0.0)),
        ("node_network_receive_bytes_total", "rate", Unit("MB/s", 1e-6, 0.0)),
        ("mysql_global_status_bytes_received", "rate", Unit("MB/s", 1e-6, 0.0)),
        ("etcd_mvcc_db_total_size_in_bytes", "value", Unit("GB", 1e-9, 0.0)),
        ("response_size_bytes", "p99", Unit("MB", 1e-6, 0.0)),
        ("http_request_duration_seconds", "p50", Unit("s", 1.0, 0.0)),
        ("http_request_duration_seconds_count", "rate", Unit("/s", 1.0, 0.0)),
        ("latency_ms", "value", Unit("s", 1e-3, 0.0)),
        ("http_requests_total", "rate", Unit("req/s", 1.0, 0.0)),
        ("errors_total", "rate", Unit("/s", 1.0, 0.0)),
        ("orders_delta", "increase", Unit("/s", 1.0, 0.0)),
        ("process_cpu_seconds_total", "rate", Unit("cores", 1.0, 0.0)),
        ("node_disk_io_time_seconds_total", "rate", Unit("s/s", 1.0, 0.0)),
        ("disk_used_ratio", "value", Unit("%", 100.0, 0.0, 100.0)),
        ("battery_percent", "value", Unit("%", 1.0, 0.0, 100.0)),
        ("node_hwmon_temp_celsius", "value", Unit("°C", 1.0, -273.15)),
        ("process_open_fds", "value", Unit("", 1.0, 0.0)),
        ("process_start_time_seconds", "value", Unit("s")),
        ("backup_last_success_timestamp_seconds", "value", Unit("s")),
        ("some_balance", "value", Unit("")),
        ("traffic_bytes_per_second", "value", Unit("MB/s", 1e-6, 0.0)),
    ],
)
def test_a_unit_follows_from_the_name(metric: str, reading: str, unit: Unit) -> None:
    assert unit_of(metric, reading) == unit


@pytest.mark.parametrize(
    ("metric", "reading", "largest", "symbol"),
    [
        ("x_bytes", "value", 999, "B"),
        ("x_bytes", "value", 5e5, "kB"),
        ("x_bytes", "value", 2e12, "TB"),
        ("x_bytes_total", "rate", 1500, "kB/s"),
        ("x_seconds", "p99", 0.03, "ms"),
        ("x_seconds", "p99", 4e-5, "us"),
        ("x_seconds", "value", 90, "s"),
        ("x_seconds", "value", 7200, "h"),
        ("x_milliseconds", "value", 90, "ms"),
        ("x_bytes", "value", 0, "GB"),
    ],
)
def test_the_largest_value_can_choose_the_size(
    metric: str, reading: str, largest: float, symbol: str
) -> None:
    assert unit_of(metric, reading, largest).symbol == symbol


def test_a_share_of_more_than_all_has_no_upper_bound() -> None:
    assert unit_of("x_ratio", "value", 1.0).upper == 100
    assert unit_of("x_ratio", "value", 2.5).upper is None
    assert unit_of("x_percent", "value", 250).upper is None


@given(st.sampled_from(NAMES), st.sampled_from(READINGS), st.floats(1e-9, 1e15), st.booleans())
def test_a_value_survives_the_way_into_its_unit_and_back(
    metric: str, reading: str, value: float, known: bool
) -> None:
    unit = unit_of(metric, reading, value if known else None)
    assert value * unit.factor / unit.factor == pytest.approx(value, rel=1e-12)
    assert unit.factor > 0
    assert unit.lower is None or unit.lower <= 0


@given(st.sampled_from(["x_bytes", "x_bits", "x_watts", "x_seconds", "x_kibibytes"]), st.floats(1.0, 1e8))
def test_the_largest_value_is_readable(metric: str, largest: float) -> None:
    assert 1 - 1e-9 <= largest * unit_of(metric, "value", largest).factor <= 2000


@given(st.sampled_from(NAMES), st.sampled_from(READINGS), st.floats(0, 1e15))
def test_bounds_are_in_the_unit(metric: str, reading: str, largest: float) -> None:
    plain, sized = unit_of(metric, reading), unit_of(metric, reading, largest)
    if plain.lower is not None and sized.lower is not None:
        assert plain.lower / plain.factor == pytest.approx(sized.lower / sized.factor)
    assert sized.upper is None or largest * sized.factor <= sized.upper * 1.001
