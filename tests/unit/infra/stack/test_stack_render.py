"""Manifests: what every pod must have, and where the parts are placed."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.cloud.volumes import PROVISIONER
from faultcast.infra.images import ImageArchive
from faultcast.infra.images.catalog import CATALOG
from faultcast.infra.providers.local.layout import NodeLayout
from faultcast.infra.providers.local.node.shares import shares
from faultcast.infra.providers.local.node.spec import NODE
from faultcast.infra.settings import load_settings
from faultcast.infra.stack.apply import WORKLOAD_KINDS, path_of, title
from faultcast.infra.stack.collectors import COLLECTORS
from faultcast.infra.stack.render import PORTS, Manifest, render_stack, render_workload
from faultcast.infra.stack.secrets import READER, SHOP, WRITER, Account, make_certificate

IMAGES = [
    ImageArchive(image.name, f"faultcast.local/{image.name}:0123456789ab", Path("x"), image.nodes)
    for image in CATALOG
]
ACCOUNTS: tuple[Account, ...] = tuple(
    account.with_password(f"password-of-{account.user}") for account in (WRITER, READER, SHOP)
)
SETTINGS = load_settings(cluster="demo", master="boss", worker="hand", service_cidr="10.99.0.0/16")
STACK = render_stack(
    SETTINGS, IMAGES, ACCOUNTS, make_certificate("x", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
)
WORKLOAD = render_workload(SETTINGS, IMAGES, ACCOUNTS[2])
ALL = STACK + WORKLOAD
PODS = [manifest for manifest in ALL if manifest["kind"] in WORKLOAD_KINDS]


def pod_spec(manifest: Manifest) -> dict[str, Any]:
    spec: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return spec


def containers(manifest: Manifest) -> list[dict[str, Any]]:
    spec = pod_spec(manifest)
    return [*spec.get("initContainers", []), *spec["containers"]]


def named(name: str) -> Manifest:
    return next(manifest for manifest in PODS if manifest["metadata"]["name"] == name)


def config(name: str) -> str:
    found = next(m for m in STACK if m["kind"] == "ConfigMap" and m["metadata"]["name"] == "prometheus")
    text: str = found["data"][name]
    return text


def test_no_object_is_there_twice() -> None:
    paths = [path_of(manifest) for manifest in ALL]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("manifest", PODS, ids=title)
def test_every_container_has_limits_and_names_the_content_of_its_image(manifest: Manifest) -> None:
    for container in containers(manifest):
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert re.fullmatch(r"faultcast\.local/[a-z-]+:[0-9a-f]{12}", container["image"])


@pytest.mark.parametrize("manifest", PODS, ids=title)
def test_every_container_lacks_rights_it_does_not_need(manifest: Manifest) -> None:
    for container in containers(manifest):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"]["drop"] == ["ALL"]


def test_only_who_reads_or_removes_files_of_others_runs_as_root() -> None:
    root = {m["metadata"]["name"] for m in PODS if not pod_spec(m)["securityContext"].get("runAsNonRoot")}
    assert root == {"rsyslog", "vlagent", "volume-provisioner"}


def test_each_node_has_two_collectors_that_read_the_same_files() -> None:
    readers = [named(name) for name in COLLECTORS]
    assert {reader["kind"] for reader in readers} == {"DaemonSet"}
    for reader in readers:
        assert pod_spec(reader)["tolerations"] == [{"operator": "Exists"}]
        volumes = [volume["hostPath"] for volume in pod_spec(reader)["volumes"] if "hostPath" in volume]
        assert {volume["path"] for volume in volumes} == {
            "/var/log",
            str(NodeLayout(NODE).logs),
            f"/var/lib/faultcast/{reader['metadata']['name']}",
        }


def test_the_collectors_give_their_lines_the_same_streams() -> None:
    (flags,) = (container["args"] for container in containers(named("vlagent")))
    conf = next(m for m in STACK if m["kind"] == "ConfigMap" and m["metadata"]["name"] == "rsyslog")
    streams = [flag.split("=", 1)[1] for flag in flags if "streamFields=" in flag]
    assert len(streams) == 2
    for stream in streams:
        assert f"_stream_fields={stream}" in conf["data"]["rsyslog.conf"]


@pytest.mark.parametrize(
    "name",
    [
        "coredns",
        "prometheus",
        "alertmanager",
        "pushgateway",
        "kube-state",
        "victoria-logs",
        "metrics-server",
        "sensors",
    ],
)
def test_what_must_survive_a_fault_is_on_the_master(name: str) -> None:
    assert pod_spec(named(name))["nodeSelector"] == {"kubernetes.io/hostname": "boss"}


@pytest.mark.parametrize("name", ["mariadb", "store"])
def test_the_data_is_on_the_worker(name: str) -> None:
    assert pod_spec(named(name))["nodeSelector"] == {"kubernetes.io/hostname": "hand"}


@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "pushgateway", "victoria-logs", "mariadb"])
def test_what_keeps_data_has_a_volume_that_outlives_its_pod(name: str) -> None:
    claims = [volume.get("persistentVolumeClaim") for volume in pod_spec(named(name))["volumes"]]
    assert {"claimName": name} in claims
    volume = next(
        m for m in STACK if m["kind"] == "PersistentVolume" and m["metadata"]["name"].endswith(name)
    )
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_the_ports_of_the_nodes_are_the_promised_ones() -> None:
    ports = {
        manifest["metadata"]["name"]: port["nodePort"]
        for manifest in ALL
        if manifest["kind"] == "Service"
        for port in manifest["spec"]["ports"]
        if "nodePort" in port
    }
    assert ports == {
        "prometheus": 31539,
        "alertmanager": 31840,
        "pushgateway": PORTS.pushgateway,
        "victoria-logs": PORTS.logs,
        "mariadb": PORTS.database,
    }


def test_no_scrape_depends_on_names() -> None:
    assert ".svc" not in config("prometheus.yml")
    assert "10.99.0.10:9153" in config("prometheus.yml")


def test_cores_outside_of_the_cluster_are_counted_for_this_cluster() -> None:
    assert 'id=~"/faultcast-demo/' in config("rules.yml")
    assert "record: faultcast:machine_outside_cores" in config("rules.yml")


def test_a_changed_configuration_starts_prometheus_anew() -> None:
    other = render_stack(
        load_settings(cluster="other"), IMAGES, ACCOUNTS, make_certificate("x", dt.datetime.now(dt.UTC))
    )
    keys = {
        m["spec"]["template"]["metadata"]["annotations"]["faultcast.dev/config"]
        for m in [*STACK, *other]
        if m["kind"] == "StatefulSet" and m["metadata"]["name"] == "prometheus"
    }
    assert len(keys) == 2


def test_the_reading_user_may_only_read() -> None:
    init = next(m for m in STACK if m["metadata"]["name"] == "mariadb-init")["stringData"]["init.sql"]
    grants = re.findall(r"GRANT (.+) ON (\w+)\.\* TO '(\w+)'", init)
    assert grants == [
        ("ALL PRIVILEGES", "faultcast", "faultcast"),
        ("SELECT", "faultcast", "grafana"),
        ("ALL PRIVILEGES", "shop", "shop"),
    ]


def test_the_fragile_part_of_the_shop_is_alone_and_the_gateway_is_not() -> None:
    assert named("store")["spec"]["replicas"] == 1
    assert named("gateway")["spec"]["replicas"] == 2
    (spread,) = pod_spec(named("gateway"))["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"


def pinned_to(place: str) -> int:
    """Thousandths of a core that is asked for on one node, whatever the scheduler decides."""
    return sum(
        int(container["resources"]["requests"]["cpu"].removesuffix("m"))
        for manifest in PODS
        for container in pod_spec(manifest)["containers"]
        if manifest["kind"] == "DaemonSet" or place in pod_spec(manifest).get("nodeSelector", {}).values()
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_the_stack_fits_nodes_that_say_what_they_have(workers: int) -> None:
    for share in shares(range(2), 8 * 2**30, workers + 1, 1.0):
        assert max(pinned_to("boss"), pinned_to("hand")) + 50 <= share.millicores, "50m for a helper pod"


def test_a_claim_that_names_no_class_gets_a_volume_on_the_node_of_its_pod() -> None:
    (kind,) = [m for m in STACK if m["kind"] == "StorageClass"]
    assert path_of(kind) == "/apis/storage.k8s.io/v1/storageclasses/local-path"
    assert kind["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert (kind["provisioner"], kind["volumeBindingMode"]) == (PROVISIONER, "WaitForFirstConsumer")
    assert named("volume-provisioner")["kind"] == "DaemonSet"


def test_the_parts_of_a_cloud_may_do_what_they_do_and_no_more() -> None:
    rights = {
        m["metadata"]["name"]: {
            f"{verb} {name}" for rule in m["rules"] for name in rule["resources"] for verb in rule["verbs"]
        }
        for m in STACK
        if m["kind"] == "ClusterRole"
    }
    assert not any("secrets" in right for right in rights["faultcast:load-balancer"])
    writes = {r for r in rights["faultcast:load-balancer"] if r.split()[0] not in ("list", "watch")}
    assert writes == {"patch services/status", "create events"}
    writes = {
        r for r in rights["faultcast:volume-provisioner"] if r.split()[0] not in ("get", "list", "watch")
    }
    assert writes == {"create persistentvolumes", "delete persistentvolumes", "create events"}


def test_the_idle_cluster_asks_for_less_than_one_core() -> None:
    def cores(amount: str) -> float:
        return int(amount.removesuffix("m")) / 1000

    asked = sum(
        cores(container["resources"]["requests"]["cpu"]) * (2 if manifest["kind"] == "DaemonSet" else 1)
        for manifest in PODS
        for container in pod_spec(manifest)["containers"]
    )
    assert asked < 1.0
