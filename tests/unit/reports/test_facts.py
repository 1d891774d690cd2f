from pathlib import Path

from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import run
from faultcast.reports.facts import describe_run, git_revision
from tests.factories import at


def test_a_run_is_described_without_secrets(tmp_path: Path) -> None:
    cluster = Cluster(
        "shop",
        "existing",
        KubeContext(tmp_path / "kubeconfig", "it"),
        "uid-1",
        (),
        Endpoints(),
        NoNodeControl(),
    )
    record = describe_run(
        "run-1",
        cluster,
        seed=7,
        argv=["pytest", "--faultcast-prometheus-url", "http://me:geheim@prometheus"],
        started=at(0),
        experiments=tmp_path,
    )
    assert record.argv[-1] == "http://***@prometheus"
    assert (record.cluster_identity, record.cluster_provider, record.ended) == ("uid-1", "existing", None)
    assert {"faultcast", "darts", "python"} <= record.versions.keys()
    assert all(record.host.values())


def test_the_revision_tells_when_files_were_changed(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    file = tmp_path / "experiment.yaml"
    file.write_text("one")
    run(["git", "init", "-q"], cwd=tmp_path)
    run(["git", "add", "."], cwd=tmp_path)
    run(["git", *who, "commit", "-qm", "one"], cwd=tmp_path)
    clean = git_revision(file)
    assert clean is not None
    assert len(clean) == 10
    file.write_text("two")
    assert git_revision(file) == f"{clean}-dirty"
