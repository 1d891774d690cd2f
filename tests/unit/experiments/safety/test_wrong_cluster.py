"""Kubeconfigs that lead elsewhere: nothing is written, on the cluster that was meant or on any other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from faultcast.experiments.execution.preview import Preview, preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety.heal import heal
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ClusterError, ConfigurationError, ConsentError
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers.existing import connect_existing
from faultcast.infra.settings import Settings, load_settings
from tests.fakeapi import FakeApi
from tests.fakeapi.transport import install
from tests.fakekube import FakeClock
from tests.kubeconfigs import MEANT, OTHER, write_kubeconfig

CATALOG = Path(__file__).parents[4] / "experiments" / "catalog"

type Clusters = tuple[FakeApi, FakeApi]


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    """The cluster that is meant, and another one with the same workloads, that agreed as well."""
    clock = FakeClock()
    meant, other = FakeApi(clock, host=MEANT), FakeApi(clock, host=OTHER, identity="other")
    install(monkeypatch, {MEANT: meant, OTHER: other})
    for one in (meant, other):
        one.install_stack()
    return meant, other


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Has contexts `blue`, which is meant and current, and `green`."""
    return write_kubeconfig(tmp_path / "kubeconfig")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


@pytest.fixture
def run(
    clusters: Clusters, kubeconfig: Path, settings: Settings, tmp_path: Path
) -> Callable[..., MethodResult]:
    """Previews the loss of a gateway on the cluster that is meant; runs it after `between`."""

    def run(between: Callable[[], object] = lambda: None, context: str = "") -> MethodResult:
        experiment = load_experiment(CATALOG / "gateway-pod-delete.yaml")
        cluster = connect_existing(KubeContext.of(kubeconfig, context), helper_image="helper:1")
        seen = _preview(cluster, settings)
        between()
        return run_method(
            experiment,
            seen,
            cluster,
            seed=1,
            run="run",
            trial="trial",
            settings=settings,
            folder=tmp_path / "trial",
            clock=clusters[0].clock,
        )

    return run


def _preview(cluster: Cluster, settings: Settings) -> Preview:
    experiment = load_experiment(CATALOG / "gateway-pod-delete.yaml")
    return preview(experiment, connect(cluster.kube_context), cluster, settings, 1)


def _untouched(clusters: Clusters) -> None:
    assert [one.writes for one in clusters] == [[], []]


def test_where_it_was_meant_to_run_it_runs(run: Callable[..., MethodResult], clusters: Clusters) -> None:
    assert run().outcome == "completed"
    meant, other = clusters
    assert any(write.startswith("DELETE /api/v1/namespaces/shop/pods/") for write in meant.writes)
    assert other.writes == []


def test_a_kubeconfig_that_was_changed_since_the_preview_stops_it(
    run: Callable[..., MethodResult], clusters: Clusters, kubeconfig: Path
) -> None:
    result = run(lambda: write_kubeconfig(kubeconfig, blue=OTHER))
    assert result.outcome == "not-injected"
    assert f"this is cluster other, not {clusters[0].kube_system['metadata']['uid']}" in result.reason
    assert result.left_behind == ()
    _untouched(clusters)


@pytest.mark.parametrize("context", ["blue", ""], ids=["named", "current"])
def test_the_context_does_not_follow_the_current_one(
    run: Callable[..., MethodResult], clusters: Clusters, kubeconfig: Path, context: str
) -> None:
    result = run(lambda: write_kubeconfig(kubeconfig, current="green"), context=context)
    assert result.outcome == "completed"
    assert clusters[1].writes == []


def test_a_preview_of_one_context_does_not_run_in_another(
    clusters: Clusters, kubeconfig: Path, settings: Settings, tmp_path: Path
) -> None:
    seen = _preview(connect_existing(KubeContext.of(kubeconfig, "blue")), settings)
    with pytest.raises(ConsentError, match="the preview is of cluster"):
        run_method(
            load_experiment(CATALOG / "gateway-pod-delete.yaml"),
            seen,
            connect_existing(KubeContext.of(kubeconfig, "green")),
            seed=1,
            run="run",
            trial="trial",
            settings=settings,
            folder=tmp_path / "trial",
        )
    _untouched(clusters)


def test_a_kubeconfig_that_vanished_or_lost_its_context_stops_it(
    run: Callable[..., MethodResult], clusters: Clusters, kubeconfig: Path
) -> None:
    with pytest.raises(ConfigurationError, match="no kubeconfig"):
        run(kubeconfig.unlink)
    write_kubeconfig(kubeconfig, current="blue")
    with pytest.raises(ConfigurationError, match="cannot use kubeconfig"):
        connect_existing(KubeContext.of(kubeconfig, "red"))
    _untouched(clusters)


def test_a_cluster_that_did_not_agree_is_not_touched(
    run: Callable[..., MethodResult], clusters: Clusters, kubeconfig: Path, settings: Settings
) -> None:
    meant, _ = clusters
    identity = meant.kube_system["metadata"]["uid"]
    meant.say_who(identity, consent=False)
    seen = _preview(connect_existing(KubeContext.of(kubeconfig), helper_image="helper:1"), settings)
    assert [refusal.rule for refusal in seen.refusals] == ["consent"]
    with pytest.raises(ConsentError, match="did not agree to be broken"):
        run()
    meant.say_who(identity, consent=True)
    result = run(lambda: meant.say_who(identity, consent=False))
    assert (result.outcome, "did not agree" in result.reason) == ("not-injected", True)
    _untouched(clusters)


def test_the_settings_may_agree_for_one_cluster_and_for_no_other(
    clusters: Clusters, kubeconfig: Path, tmp_path: Path
) -> None:
    meant, other = clusters
    identity = meant.kube_system["metadata"]["uid"]
    agreeing = load_settings(state_dir=tmp_path / "state", consent=(identity,))
    for one, uid in ((meant, identity), (other, "other")):
        one.say_who(uid, consent=False)
    assert _preview(connect_existing(KubeContext.of(kubeconfig, "blue")), agreeing).refusals == ()
    [refusal] = _preview(connect_existing(KubeContext.of(kubeconfig, "green")), agreeing).refusals
    assert refusal.rule == "consent"
    _untouched(clusters)


def test_healing_does_not_touch_another_cluster_behind_the_same_file(
    run: Callable[..., MethodResult],
    clusters: Clusters,
    kubeconfig: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meant, other = clusters
    for module in ("perform.revert_entries", "activities.revert_all", "runner.revert_all"):
        monkeypatch.setattr(f"faultcast.experiments.execution.{module}", lambda *_: ())
    run()
    written = list(meant.writes)
    write_kubeconfig(kubeconfig, blue=OTHER)
    [healed] = heal(settings)
    assert not healed.healed
    assert "now leads to cluster other" in healed.text
    assert (meant.writes, other.writes) == (written, [])


def test_a_cluster_that_does_not_answer_is_said_so(clusters: Clusters, kubeconfig: Path) -> None:
    clusters[0].nodes.power_off("master")
    with pytest.raises(ClusterError, match="does not answer"):
        connect_existing(KubeContext.of(kubeconfig))
    assert clusters[0].writes == ["ACT power_off master"]
