"""Somebody's own workload on the local cluster, as the tutorial shows it: brought, served, kept, broken."""

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import run_method
from faultcast.experiments.loading.loader import load_experiment
from faultcast.infra.cluster import Cluster
from faultcast.infra.images.archive import ImageConfig
from faultcast.infra.images.build import build_images
from faultcast.infra.images.foreign import full_name
from faultcast.infra.images.recipe import ImageRecipe, LayerRecipe
from faultcast.infra.kube.client import connect
from faultcast.infra.processes import Completed, run
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
BLOCKS = dict(re.findall(r"`([\w/.-]+\.yaml)`[^`]*?```yaml\n(.*?)```", TUTORIAL, re.DOTALL))
IMAGE = "my-web:1.0"
SOON = Wait(90.0, 0.5)
HOG = """
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: own, labels: {app: hog}}
spec:
  nodeName: NODE
  terminationGracePeriodSeconds: 0
  containers:
  - name: hog
    image: my-web:1.0
    command: [sh, -c, "for i in 1 2 3; do (while :; do :; done) & done; wait"]
    resources: {requests: {cpu: 10m}, limits: {cpu: "3", memory: 32Mi}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: NAME, namespace: own}
spec: {accessModes: [MODE], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: own}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "my-web:1.0", volumeMounts: [{name: d, mountPath: /data}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: NAME}}]
"""

Kubectl = Callable[..., str]


def faultcast(*words: str | Path) -> Completed:
    return run([Path(sys.executable).with_name("faultcast"), *words], timeout=120, check=False)


@pytest.fixture(scope="module")
def kubectl(cluster: Cluster) -> Kubectl:
    program = ensure_programs(load_settings(), lambda _line: None) / "kubectl"

    def call(*words: str | Path, stdin: str = "") -> str:
        command = [program, "--kubeconfig", cluster.kube_context.file, *words]
        return run(command, timeout=120, stdin=stdin).stdout

    return call


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive as a builder would write it, compressed as a whole: a web server."""
    settings = load_settings()
    web = LayerRecipe(
        name="own-web",
        packages=("busybox-static",),
        keep=("usr/bin/busybox",),
        links={"bin": "usr/bin", "usr/bin/sh": "busybox"},
    )
    serve = ("/usr/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/data")
    recipe = ImageRecipe("own-web", (web,), ImageConfig(serve, "1234:1234"), "all")
    programs = ensure_programs(settings, lambda _line: None)
    (built,) = build_images(settings, programs, lambda _line: None, catalog=(recipe,))
    path = tmp_path_factory.mktemp("own") / "my-web.tar.gz"
    path.write_bytes(gzip.compress(built.path.read_bytes(), compresslevel=1))
    return path


@pytest.fixture(scope="module")
def own(kubectl: Kubectl, archive: Path) -> Iterator[None]:
    """The tutorial's workload, running in the namespace `own`."""
    done = faultcast("image", "load", archive, "--name", IMAGE)
    assert done.code == 0, done.stderr
    assert f"Every node has the image {IMAGE}" in done.stdout
    kubectl("create", "namespace", "own")
    try:
        kubectl("--namespace", "own", "apply", "--filename", "-", stdin=BLOCKS["my-web.yaml"])
        kubectl("--namespace", "own", "rollout", "status", "deployment", "my-web", "--timeout=90s")
        yield
    finally:
        kubectl("delete", "namespace", "own", "--timeout=100s")


def objects(kubectl: Kubectl, kind: str, *words: str) -> list[Any]:
    found: list[Any] = json.loads(kubectl("--namespace", "own", "get", kind, "-o", "json", *words))["items"]
    return found


def warnings_of(kubectl: Kubectl, name: str) -> str:
    about = f"--field-selector=type=Warning,involvedObject.name={name}"
    return "\n".join(event["message"] for event in objects(kubectl, "events", about))


def served_at(address: str) -> str:
    """What the workload answers, to a new connection from this machine; empty when it does not."""
    try:
        answer = requests.get(f"http://{address}:8080/", timeout=3)
    except requests.RequestException:
        return ""
    return answer.text.strip() if answer.ok else ""


def test_nodes_advertise_no_more_than_the_machine_has(cluster: Cluster) -> None:
    nodes: Any = connect(cluster.kube_context).core.list_node()
    settings = load_settings()
    cores = {node.metadata.name: float(node.status.capacity["cpu"]) for node in nodes.items}
    assert set(cores) == {node.name for node in cluster.nodes}
    if settings.node_cpus * len(cores) <= (psutil.cpu_count() or 1):
        assert set(cores.values()) == {settings.node_cpus}
    memory = [int(node.status.allocatable["memory"].removesuffix("Ki")) for node in nodes.items]
    assert sum(memory) * 1024 < psutil.virtual_memory().total


def test_a_cpu_limit_above_the_node_starts(own: None, kubectl: Kubectl) -> None:
    for pod in objects(kubectl, "pods", "--selector=app=my-web"):
        assert pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "1500m"
        assert pod["status"]["containerStatuses"][0]["ready"], pod["status"]


def test_its_address_answers_on_every_node_and_its_data_outlives_its_pods(
    own: None, cluster: Cluster, kubectl: Kubectl
) -> None:
    kubectl("-n", "own", "exec", "deployment/my-web", "--", "sh", "-c", "echo hello > /data/index.html")
    (balancer,) = objects(kubectl, "services")
    addresses = [entry["ip"] for entry in balancer["status"]["loadBalancer"]["ingress"]]
    assert sorted(addresses) == sorted(node.address for node in cluster.nodes)
    before = {pod["metadata"]["uid"] for pod in objects(kubectl, "pods", "--selector=app=my-web")}
    kubectl("--namespace", "own", "delete", "pods", "--selector=app=my-web", "--grace-period=1")
    kubectl("--namespace", "own", "rollout", "status", "deployment", "my-web", "--timeout=90s")
    assert not before & {pod["metadata"]["uid"] for pod in objects(kubectl, "pods", "--selector=app=my-web")}

    def answers(address: str) -> bool:
        return served_at(address) == "hello"

    for address in addresses:
        wait_until(f"answer at {address}", partial(answers, address), SOON)


def test_a_claim_is_removed_with_its_data(own: None, cluster: Cluster, kubectl: Kubectl) -> None:
    manifest = CLAIM.replace("NAME", "passing").replace("MODE", "ReadWriteOnce")
    kubectl("apply", "--filename", "-", stdin=manifest)
    kubectl("--namespace", "own", "wait", "pod", "passing", "--for=condition=Ready", "--timeout=90s")
    (pod,) = objects(kubectl, "pods", "--field-selector=metadata.name=passing")
    (claim,) = objects(kubectl, "persistentvolumeclaims", "--field-selector=metadata.name=passing")
    node, volume = pod["spec"]["nodeName"], claim["spec"]["volumeName"]
    folder = f"/var/lib/faultcast/claims/{volume}"
    assert cluster.node_control.run(node, ["test", "-d", folder]).code == 0
    kubectl("delete", "--filename", "-", stdin=manifest)
    wait_until(
        "the volume is gone",
        lambda: volume not in kubectl("get", "persistentvolumes", "-o", "name"),
        SOON,
    )
    assert cluster.node_control.run(node, ["test", "-e", folder]).code == 1


def test_what_cannot_be_given_is_said_where_one_looks(own: None, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=CLAIM.replace("NAME", "many").replace("MODE", "ReadWriteMany"))
    kubectl("-n", "own", "create", "service", "loadbalancer", "second", "--tcp=8080:8080")
    kubectl("-n", "own", "create", "service", "loadbalancer", "api", "--tcp=6443:8080")

    def warned(name: str, words: str) -> bool:
        return words in warnings_of(kubectl, name)

    for name, words in (
        ("many", "cannot be ReadWriteMany"),
        ("second", "port 8080 of the nodes belongs to service own/my-web"),
        ("api", "port 6443 of the nodes belongs to the API server"),
    ):
        wait_until(f"a warning about {name}", partial(warned, name, words), SOON)
    kubectl("--namespace", "own", "delete", "service", "second", "api")
    kubectl("--namespace", "own", "delete", "pod,persistentvolumeclaim", "many")


def test_a_saturated_node_leaves_the_other_one_its_cores(
    own: None, cluster: Cluster, kubectl: Kubectl
) -> None:
    nodes = [node.name for node in cluster.nodes]
    for name in nodes:
        kubectl("apply", "-f", "-", stdin=HOG.replace("NAME", f"hog-{name}").replace("NODE", name))
    try:
        kubectl("-n", "own", "wait", "pod", "-l", "app=hog", "--for=condition=Ready", "--timeout=90s")

        def used(node: str) -> float:
            labels = f'namespace="own",pod="hog-{node}",container="hog"'
            query = f"sum(rate(container_cpu_usage_seconds_total{{{labels}}}[10s]))"
            url = f"{cluster.endpoints.prometheus}/api/v1/query"
            found = requests.get(url, params={"query": query}, timeout=5).json()["data"]["result"]
            return float(found[0]["value"][1]) if found else 0.0

        def busy(node: str) -> bool:
            return used(node) > 0.3

        for name in nodes:  # three loops each, and neither takes what is the other's
            wait_until(f"{name} is busy", partial(busy, name), SOON, last_seen=lambda: "idle")
        allowed = {
            name: set(kubectl("-n", "own", "exec", f"hog-{name}", "--", "sh", "-c", _ALLOWED).split())
            for name in nodes
        }
    finally:
        kubectl("--namespace", "own", "delete", "pods", "--selector=app=hog")
    assert all(allowed.values())
    if len(nodes) <= (psutil.cpu_count() or 1):
        assert not set.intersection(*allowed.values()), allowed


_ALLOWED = (
    "while read -r name rest; do [ $name = Cpus_allowed_list: ] && echo $rest; done < /proc/self/status; true"
)


def test_it_is_broken_by_the_tutorials_experiment(own: None, cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "my-web-delete.yaml"
    file.write_text(BLOCKS["chaos/my-web-delete.yaml"])
    assert faultcast("validate", file).code == 0
    kube, settings = connect(cluster.kube_context), load_settings(state_dir=tmp_path / "state")
    experiment = load_experiment(file)
    seen = preview(experiment, kube, cluster, settings, 3)
    assert [str(target).split("/")[0] for target in seen.targets] == ["pod own"]
    result = run_method(
        experiment,
        seen,
        cluster,
        seed=3,
        run="e2e",
        trial="own",
        settings=settings,
        folder=tmp_path / "trial",
        kube=kube,
    )
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    (injection,) = result.injections
    assert injection.proof is not None
    assert injection.proof.proved


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "cannot be read"), (b"no archive\n" * 200, "cannot be read")]
)
def test_what_is_no_archive_is_refused(cluster: Cluster, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    done = faultcast("image", "load", path)
    assert done.code == 2
    assert words in done.stderr
    assert "docker save" in done.stderr


def test_the_tutorials_commands_are_those_that_are_tried_here() -> None:
    assert set(BLOCKS) == {"my-web.yaml", "chaos/my-web-delete.yaml", "chaos/sensors-delete.yaml"}
    assert f"image: {IMAGE}" in BLOCKS["my-web.yaml"]
    assert full_name(IMAGE) == "docker.io/library/my-web:1.0"
