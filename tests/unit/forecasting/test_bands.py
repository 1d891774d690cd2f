import numpy as np

from faultcast.forecasting.window.intervals import measured_coverage, offsets


def test_offsets_grow_with_the_errors_of_their_step() -> None:
    errors = np.random.default_rng(0).normal(size=(200, 40)) * np.linspace(1, 5, 40)
    band = offsets(errors, 0.05)
    assert band is not None
    assert band.upper[-1] > 2.5 * band.upper[0] > 0
    assert band.lower[-1] < 2.5 * band.lower[0] < 0


def test_few_errors_give_their_extremes() -> None:
    band = offsets(np.array([[-1.0], [0.5], [2.0]]), 0.05)
    assert band is not None
    assert (band.lower[0], band.upper[0]) == (-1.0, 2.0)


def test_no_error_gives_no_band() -> None:
    assert offsets(np.full((3, 4), np.nan), 0.05) is None


def test_coverage_is_measured_on_windows_the_band_has_not_seen() -> None:
    errors = np.random.default_rng(2).normal(size=(200, 8))
    coverage = measured_coverage(errors, 0.1)
    assert coverage is not None
    assert 0.86 < coverage < 0.94
    shifted = np.vstack([errors[:100], errors[100:] + 10])
    worse = measured_coverage(shifted, 0.1)
    assert worse is not None
    assert worse < 0.1


def test_three_windows_are_too_few_to_measure_coverage() -> None:
    assert measured_coverage(np.zeros((3, 4)), 0.05) is None
