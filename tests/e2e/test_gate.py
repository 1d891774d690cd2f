"""The main job as a user runs it: the catalog, the canaries, interruptions."""

import signal
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import sqlalchemy as sa

from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until
from tests.browser import pages, shown
from tests.e2e.gate import ROOT, Gate, gate, started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

CATALOG = ROOT / "experiments" / "catalog"
PART = ("no-fault", "gateway-pod-delete", "prometheus-down", "store-pod-delete")


@pytest.fixture(scope="module")
def catalog(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """A part of the catalog, run once: one of each outcome. `make gate` runs all of it."""
    return gate(tmp_path_factory.mktemp("catalog"), "experiments", "-k", " or ".join(PART))


def test_the_catalog_passes_with_its_known_weakness_and_blindness(catalog: Gate) -> None:
    assert catalog.code == 0, catalog.output[-6000:]
    assert "2 passed" in catalog.output
    assert "2 xfailed" in catalog.output


def test_the_no_fault_canary_held(catalog: Gate) -> None:
    assert catalog.verdict("no-fault")["status"] == "HELD"


def test_the_fragile_store_deviated_and_the_fault_was_proved(catalog: Gate) -> None:
    assert catalog.verdict("store-pod-delete")["status"] == "DEVIATED"
    injections = catalog.history("store-pod-delete").injections
    assert injections
    assert all(injection.proof and injection.proof.proved for injection in injections)


def test_the_replicated_gateway_held_or_recovered_in_time(catalog: Gate) -> None:
    assert catalog.verdict("gateway-pod-delete")["status"] == "HELD"
    assert not catalog.history("gateway-pod-delete").left_behind


def test_earlier_faults_are_masked_in_real_time(catalog: Gate) -> None:
    masks = catalog.history("store-pod-delete").masks
    assert any("gateway-pod-delete" in mask.reason for mask in masks)


def test_the_report_opens_from_its_file_and_shows_the_trials(catalog: Gate, tmp_path: Path) -> None:
    report = catalog.folder / "report.html"
    found = {title.split(":")[0]: page for title, page in pages(report).items()}
    assert set(found) == set(PART)
    for experiment, verdict in (("no-fault", "HELD"), ("store-pod-delete", "DEVIATED (known weakness)")):
        assert shown(report, f"#{found[experiment]}", tmp_path, f"{experiment}: ", verdict)


def test_the_console_shows_a_table_and_where_the_report_is(catalog: Gate) -> None:
    assert str(catalog.folder / "report.html") in catalog.output.replace("\n", "")
    for status in ("HELD", "DEVIATED", "UNKNOWN"):
        assert status in catalog.output


def test_junit_names_each_verdict(catalog: Gate) -> None:
    tree = ET.parse(catalog.folder / "junit.xml")  # noqa: S314 - we wrote it
    found = {p.get("value") for p in tree.iter("property") if p.get("name") == "faultcast.verdict"}
    assert found == {"HELD", "DEVIATED", "UNKNOWN"}


def test_mysql_has_run_trials_verdicts_and_windows_and_the_reader_only_reads(
    catalog: Gate, cluster: Cluster
) -> None:
    reader = cluster.endpoints.database_reader
    assert reader
    engine = sa.create_engine(reader.url)
    with engine.connect() as connection:
        run = {"run": catalog.run["run"]}
        counts = {
            table: connection.scalar(sa.text(query), run)
            for table, query in {
                "runs": "SELECT COUNT(*) FROM runs WHERE id = :run",
                "trials": "SELECT COUNT(*) FROM trials WHERE run_id = :run",
                "verdicts": "SELECT COUNT(*) FROM metric_verdicts v JOIN trials t ON v.trial_id = t.id "
                "WHERE t.run_id = :run",
                "windows": "SELECT COUNT(*) FROM fault_windows w JOIN trials t ON w.trial_id = t.id "
                "WHERE t.run_id = :run",
            }.items()
        }
        assert counts["runs"] == 1
        assert counts["trials"] == len(PART)
        assert counts["verdicts"] >= 9
        assert counts["windows"] >= len(PART)
        with pytest.raises(sa.exc.OperationalError, match="denied"):
            connection.execute(sa.text("DELETE FROM trials"))
    engine.dispose()


def test_the_monitoring_taken_away_by_a_fault_makes_it_unknown(catalog: Gate, kube: KubeClient) -> None:
    assert catalog.verdict("prometheus-down")["status"] == "UNKNOWN"
    history = catalog.history("prometheus-down")
    assert all(injection.proof and injection.proof.proved for injection in history.injections)
    assert not history.left_behind
    assert kube.apps.read_namespaced_stateful_set("prometheus", "monitoring").spec.replicas == 1


def test_the_proof_of_a_fault_is_drawn(catalog: Gate) -> None:
    trial = catalog.trial("gateway-pod-delete")
    assert (trial / "plots" / "proof.png").read_bytes().startswith(b"\x89PNG")
    assert (trial / "plots" / "proof.svg").is_file()


def test_a_missing_target_is_an_error_before_anything_is_touched(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    before = {pod.metadata.uid for pod in kube.core.list_namespaced_pod("shop").items}
    file = Path(__file__).parent / "experiments" / "missing-target.yaml"
    done = gate(tmp_path / "runs", "--faultcast-experiments", str(file), seconds=120)
    assert done.code == 1
    assert "app=nobody" in done.output
    assert "NoTargetError" in done.output
    assert {pod.metadata.uid for pod in kube.core.list_namespaced_pod("shop").items} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_heals_and_leaves_a_report(
    cluster: Cluster, kube: KubeClient, tmp_path: Path, number: signal.Signals
) -> None:
    file = CATALOG / "gateway-pod-delete.yaml"
    with started(tmp_path / "runs", "--faultcast-experiments", str(file)) as running:
        running.wait_for("proved", 500)
        running.process.send_signal(number)
        done = running.finish(120)
    assert done.code == 2, done.output[-4000:]
    assert done.history("gateway-pod-delete").outcome == "interrupted"
    assert done.verdict("gateway-pod-delete")["status"] == "UNKNOWN"
    assert (done.folder / "report.html").exists()

    def whole() -> bool:
        deployment = kube.apps.read_namespaced_deployment("gateway", "shop")
        return bool(deployment.status.available_replicas == deployment.spec.replicas)

    wait_until("the gateway is whole", whole, Wait(30, 0.5))
