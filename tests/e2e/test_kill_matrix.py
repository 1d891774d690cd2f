"""A run that is killed leaves nothing: two mechanisms here, all faults by `make kill-matrix`."""

import pytest

from faultcast.infra.cluster import Cluster
from tests.e2e.kill_matrix import run_matrix

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize("kind", ["dns-drop", "node-cordon"])
def test_nothing_is_left_whenever_the_runner_is_killed(kind: str, cluster: Cluster) -> None:
    outcomes = list(run_matrix(cluster, [kind]))
    assert len(outcomes) == 10
    assert [one for one in outcomes if one.clean_after is None] == []
    assert outcomes[-1].strayed == (), "a cluster was reached that nobody named"
    assert all(one.clean_after is not None and one.clean_after <= one.allowed for one in outcomes)
