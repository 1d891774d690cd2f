"""The forecaster's objects, its compose file, and what both tell the program."""

import base64
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from faultcast.cli.outlook import forecaster as commands
from faultcast.infra.errors import ConfigurationError, RequirementError
from faultcast.infra.forecaster.local import local_options
from faultcast.infra.forecaster.objects import (
    VARIANTS,
    ForecasterOptions,
    Variant,
    environment_of,
    render_forecaster,
)
from faultcast.infra.images import podman
from faultcast.infra.images.pipconfig import ca_file, parse_pip_config
from faultcast.infra.settings import load_settings
from faultcast.infra.stack.apply import path_of
from faultcast.infra.stack.render import Manifest

ROOT = Path(__file__).parents[3]
PASSWORD, TOKEN = "pass-of-database", "token-of-prometheus"
OPTIONS = ForecasterOptions(
    image="registry.example/faultcast/forecaster:1.2.3",
    prometheus_url="https://prometheus.example",
    database_host="db.example",
    database_user="writer",
    password=PASSWORD,
    token_secret="prometheus-token",
    token=TOKEN,
    models='current: "2"\nversions: {}\n',
    settings={"horizon": "12w"},
    node_selector={"disk": "ssd"},
)
SERVICE = render_forecaster(OPTIONS)
BATCH = render_forecaster(replace(OPTIONS, variant="cronjob"))
RENDERED = {"deployment": SERVICE, "cronjob": BATCH}
LOCK = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
LEFT_OUT = {"llvmlite", "numba", "shap"}
"""What darts only needs to explain models, which the forecaster does not do: 200 MB."""


def one(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def template(manifests: list[Manifest]) -> dict[str, Any]:
    """Template of the pods, whatever starts them."""
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            return dict(manifest["spec"]["template"])
        if manifest["kind"] == "CronJob":
            return dict(manifest["spec"]["jobTemplate"]["spec"]["template"])
    raise AssertionError("nothing runs pods")


def container(manifests: list[Manifest]) -> dict[str, Any]:
    (found,) = template(manifests)["spec"]["containers"]
    return dict(found)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from (str(name), *texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def environment(manifests: list[Manifest]) -> dict[str, object]:
    """What the container finds in its environment; the source, where the value comes from elsewhere."""
    config = next(m for m in manifests if m["kind"] == "ConfigMap" and m["metadata"]["name"] == "forecaster")
    own = {each["name"]: each.get("value", each.get("valueFrom")) for each in container(manifests)["env"]}
    return {**config["data"], **own}


def test_the_service_is_two_pods_behind_a_load_balancer() -> None:
    deployment, service = one(SERVICE, "Deployment"), one(SERVICE, "Service")
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"]["type"] == "RollingUpdate"
    assert service["spec"]["type"] == "LoadBalancer"
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(80, "metrics")]
    assert container(SERVICE)["ports"] == [{"name": "metrics", "containerPort": 8080}]


def test_every_selector_matches_the_labels_of_the_pods() -> None:
    labels = template(SERVICE)["metadata"]["labels"]
    spread = template(SERVICE)["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]
    selectors = (
        one(SERVICE, "Deployment")["spec"]["selector"]["matchLabels"],
        one(SERVICE, "Service")["spec"]["selector"],
        one(SERVICE, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        spread,
    )
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()


def test_one_pod_stays_when_nodes_are_drained() -> None:
    assert one(SERVICE, "PodDisruptionBudget")["spec"]["minAvailable"] == 1


def test_its_health_is_watched_where_it_answers() -> None:
    probes = {name: probe["httpGet"] for name, probe in container(SERVICE).items() if name.endswith("Probe")}
    assert probes == {
        "startupProbe": {"path": "/healthz", "port": "metrics"},
        "livenessProbe": {"path": "/healthz", "port": "metrics"},
        "readinessProbe": {"path": "/readyz", "port": "metrics"},
    }


def test_prometheus_finds_its_pods() -> None:
    assert template(SERVICE)["metadata"]["annotations"]["prometheus.io/scrape"] == "true"


def test_it_may_keep_one_lease_and_nothing_else() -> None:
    (rule,) = one(SERVICE, "Role")["rules"]
    assert rule["resources"] == ["leases"]
    assert rule["resourceNames"] == [one(SERVICE, "Lease")["metadata"]["name"]]
    assert set(rule["verbs"]) == {"get", "patch"}
    account = one(SERVICE, "ServiceAccount")["metadata"]
    (subject,) = one(SERVICE, "RoleBinding")["subjects"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])
    assert template(SERVICE)["spec"]["serviceAccountName"] == account["name"]
    assert environment(SERVICE)["FAULTCAST_FORECAST_LEASE"] == rule["resourceNames"][0]


def test_the_batch_has_no_rights_and_never_overlaps_itself() -> None:
    kinds = {manifest["kind"] for manifest in BATCH}
    assert kinds == {"ServiceAccount", "ConfigMap", "Secret", "CronJob"}
    assert template(BATCH)["spec"]["automountServiceAccountToken"] is False
    assert one(BATCH, "CronJob")["spec"]["concurrencyPolicy"] == "Forbid"
    assert container(BATCH)["args"] == ["forecaster", "run"]


def test_the_batch_is_told_what_the_service_is_told() -> None:
    ours, theirs = environment(BATCH), environment(SERVICE)
    assert set(theirs) - set(ours) == {"FAULTCAST_FORECAST_LEASE", "FAULTCAST_FORECAST_LISTEN"}
    assert all(theirs[name] == value for name, value in ours.items())
    mounts = [mount["mountPath"] for mount in container(BATCH)["volumeMounts"]]
    assert Path(str(ours["FAULTCAST_FORECAST_DATABASE_PASSWORD_FILE"])).parent in map(Path, mounts)


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_runs_on_workers_only(variant: Variant) -> None:
    spec = template(RENDERED[variant])["spec"]
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    (expression,) = term["matchExpressions"]
    assert expression == {"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}
    assert spec["nodeSelector"] == {"disk": "ssd"}


def test_a_cluster_of_one_node_can_run_it_all_the_same() -> None:
    spec = template(render_forecaster(replace(OPTIONS, workers_only=False, node_selector={})))["spec"]
    assert "affinity" not in spec
    assert "nodeSelector" not in spec


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_has_no_rights_on_its_node(variant: Variant) -> None:
    spec, security = template(RENDERED[variant])["spec"], container(RENDERED[variant])["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("variant", VARIANTS)
def test_its_share_of_the_node_is_bounded(variant: Variant) -> None:
    resources = container(RENDERED[variant])["resources"]
    assert set(resources["limits"]) == set(resources["requests"]) == {"cpu", "memory"}
    volumes = template(RENDERED[variant])["spec"]["volumes"]
    assert all(volume["emptyDir"]["sizeLimit"] for volume in volumes if "emptyDir" in volume)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_mount_has_a_volume_and_every_source_is_rendered(variant: Variant) -> None:
    spec = template(RENDERED[variant])["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert {mount["name"] for mount in container(RENDERED[variant])["volumeMounts"]} == set(volumes)
    there = {(m["kind"], m["metadata"]["name"]) for m in RENDERED[variant]}
    for volume in volumes.values():
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in there
        if "secret" in volume:
            assert ("Secret", volume["secret"]["secretName"]) in there
    for each in container(RENDERED[variant])["env"]:
        if key := each.get("valueFrom", {}).get("secretKeyRef"):
            assert (
                key["key"]
                in next(
                    m
                    for m in RENDERED[variant]
                    if m["kind"] == "Secret" and m["metadata"]["name"] == key["name"]
                )["stringData"]
            )


@pytest.mark.parametrize("variant", VARIANTS)
def test_secret_values_are_in_secrets_only(variant: Variant) -> None:
    for manifest in RENDERED[variant]:
        shown = [text for text in texts(manifest) if PASSWORD in text or TOKEN in text]
        assert bool(shown) == (manifest["kind"] == "Secret")
    assert PASSWORD not in repr(OPTIONS)
    assert TOKEN not in repr(OPTIONS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_secrets_that_somebody_made_are_used_and_not_touched(variant: Variant) -> None:
    rendered = render_forecaster(replace(OPTIONS, variant=variant, password="", token=""))
    assert "Secret" not in {manifest["kind"] for manifest in rendered}
    assert "prometheus-token" in set(texts(rendered))


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_objects_are_in_the_namespace_which_outlives_them(variant: Variant) -> None:
    rendered = render_forecaster(replace(OPTIONS, variant=variant, namespace="other"))
    assert {manifest["metadata"]["namespace"] for manifest in rendered} == {"other"}
    paths = [path_of(manifest) for manifest in rendered]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("change", [{"settings": {"horizon": "4w"}}, {"models": "other"}], ids=str)
def test_a_changed_setting_starts_the_pods_anew(variant: Variant, change: dict[str, Any]) -> None:
    other = template(render_forecaster(replace(OPTIONS, variant=variant, **change)))["metadata"]
    assert other["annotations"] != template(RENDERED[variant])["metadata"]["annotations"]


@settings(max_examples=15, deadline=None)
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30))
def test_any_text_arrives_as_it_was_given(value: str) -> None:
    rendered = render_forecaster(
        replace(OPTIONS, settings={"note": value}, models=f"x{value}", password=value)
    )
    assert environment(rendered)["FAULTCAST_FORECAST_NOTE"] == value
    models = next(m for m in rendered if m["metadata"]["name"] == "forecaster-models")
    assert models["data"]["models.yaml"] == f"x{value}"
    passwords = [m["stringData"].get("password") for m in rendered if m["kind"] == "Secret"]
    assert value in passwords or not value


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"image": "registry.example:5000/forecaster"}, "names no version"),
        ({"image": "forecaster:latest"}, "names no version"),
        ({"database_user": ""}, "no user"),
        ({"token_secret": ""}, "no name of a Secret"),
    ],
)
def test_what_could_not_work_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        render_forecaster(replace(OPTIONS, **change))


def test_on_the_local_cluster_it_uses_the_stack_and_its_account() -> None:
    rendered = render_forecaster(local_options("faultcast.local/forecaster:0123456789ab"))
    found = environment(rendered)
    assert found["FAULTCAST_FORECAST_PROMETHEUS_URL"] == "http://prometheus.monitoring:9090"
    assert found["FAULTCAST_FORECAST_DATABASE_HOST"] == "mariadb.machine-learning"
    assert "Secret" not in {manifest["kind"] for manifest in rendered}
    assert one(rendered, "Service")["spec"]["ports"][0]["nodePort"] == 31808


# --- the command that renders


def render(*arguments: str) -> list[Manifest]:
    done = CliRunner().invoke(commands.GROUP, ["render", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [manifest for manifest in YAML(typ="safe").load_all(done.stdout) if manifest]


BASIC = ("--image", "x:1", "--prometheus-url", "http://p/", "--database-url")


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    import typer

    if not commands.GROUP.registered_commands:
        commands.register(typer.Typer())


def test_the_command_gives_what_kubectl_can_apply(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret-token\n")
    rendered = render(
        *BASIC,
        "mysql+pymysql://me:p%40ss@db.example:3307/forecasts",
        *("--token-file", str(tmp_path / "token"), "--set", "horizon=4w", "--namespace", "ml"),
    )
    found = environment(rendered)
    assert found["FAULTCAST_FORECAST_DATABASE_HOST"] == "db.example"
    assert found["FAULTCAST_FORECAST_DATABASE_PORT"] == "3307"
    assert found["FAULTCAST_FORECAST_DATABASE_SCHEMA"] == "forecasts"
    assert found["FAULTCAST_FORECAST_HORIZON"] == "4w"
    secrets = {m["metadata"]["name"]: m["stringData"] for m in rendered if m["kind"] == "Secret"}
    assert secrets == {
        "forecaster-database": {"user": "me", "password": "p@ss"},
        "forecaster-prometheus": {"token": "secret-token"},
    }
    models = next(m for m in rendered if m["metadata"]["name"] == "forecaster-models")
    assert "versions:" in models["data"]["models.yaml"]


@pytest.mark.parametrize("url", ["postgres://h/s", "mysql://h", "mysql:///s", "h/s"])
def test_another_database_is_refused_in_words(url: str) -> None:
    with pytest.raises(ConfigurationError, match="URL of the database"):
        render(*BASIC, url)


# --- what the image is made of


def pins(name: str) -> dict[str, str]:
    return dict(LOCK.findall((ROOT / name).read_text()))


def test_the_image_has_the_versions_that_are_tested() -> None:
    image, tested = pins("requirements-forecaster.lock"), pins("requirements.lock")
    assert image.items() <= tested.items()


def test_the_image_has_every_dependency_but_what_is_left_out_on_purpose() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[=<>]", each)[0].replace(".", "-") for each in project["dependencies"]}
    image = pins("requirements-forecaster.lock")
    assert names <= set(image)
    assert set(image).isdisjoint({*LEFT_OUT, "ruff", "mypy", "hypothesis"})


def test_the_lock_of_the_image_names_no_host_and_hashes_every_package() -> None:
    lock = (ROOT / "requirements-forecaster.lock").read_text()
    lines = [line for line in lock.splitlines() if line and line[0].isalpha()]
    assert "://" not in lock
    assert all(line.endswith("\\") for line in lines)


def test_the_dockerfile_copies_what_is_packaged_and_no_more() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for word in line.split()
    }
    assert copied | {"Dockerfile"} == {*podman.FILES, *podman.FOLDERS}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {name.split(".")[1] for name in packages} == set(podman.FOLDERS)


def test_the_dockerfile_pins_its_base_and_ends_as_a_user_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE=python:3\.1[23]\.\d+-slim-\w+$", text, re.MULTILINE)
    last = text[text.rindex("\nFROM ") :]
    assert "\nUSER 10001:10001\n" in last
    assert "--require-hashes" in text


def test_a_wheel_without_sources_says_what_to_do(tmp_path: Path) -> None:
    somewhere = load_settings(cache_dir=tmp_path / "cache")
    with pytest.raises(RequirementError, match="a checkout") as caught:
        podman.build_forecaster_image(somewhere, print, source=tmp_path)
    assert "--archive" in caught.value.remedy


def test_pip_of_the_build_reaches_the_same_index() -> None:
    listing = (
        "global.index-url='https://in-a-file.example/simple'\n"
        ":env:.index-url='https://user:pass@index.example/simple'\n"
        "global.extra-index-url='\\nhttps://one.example\\nhttps://two.example'\n"
        "global.cert='/somewhere/of/this/machine'\n"
        "global.find-links='/a/folder'\n"
    )
    assert parse_pip_config(listing) == {
        "index-url": "https://user:pass@index.example/simple",
        "extra-index-url": "https://one.example https://two.example",
    }


def test_the_machines_own_authorities_come_first(tmp_path: Path) -> None:
    own = tmp_path / "own.crt"
    own.touch()
    assert ca_file({"PIP_CERT": str(tmp_path / "gone"), "SSL_CERT_FILE": str(own)}) == own


# --- compose


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text())
    return loaded


def test_compose_tells_the_program_what_kubernetes_tells_it(compose: dict[str, Any]) -> None:
    told = compose["services"]["forecaster"]["environment"]
    assert set(told) <= set(environment(SERVICE))
    assert {"FAULTCAST_FORECAST_PROMETHEUS_URL", "FAULTCAST_FORECAST_DATABASE_HOST"} <= set(told)
    assert told["FAULTCAST_FORECAST_DATABASE_HOST"] in compose["services"]


def test_compose_has_no_password_of_its_own(compose: dict[str, Any]) -> None:
    for secret in compose["secrets"].values():
        assert re.fullmatch(r"\$\{\w+:\?.+\}", secret["file"])
    for name, service in compose["services"].items():
        passwords = [value for key, value in service["environment"].items() if "PASSWORD" in key]
        assert passwords, name
        assert all(re.fullmatch(r"/run/secrets/[a-z-]+|1", value) for value in passwords)


def test_compose_names_nothing_that_is_not_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])
        assert set(service.get("depends_on", ())) <= set(compose["services"])
        assert set(service["healthcheck"]) == {"test", "interval", "timeout", "start_period", "retries"}
        files = [v for v in service["environment"].values() if str(v).startswith("/run/secrets/")]
        assert {Path(file).name for file in files} <= set(service.get("secrets", ()))
    build = compose["services"]["forecaster"]["build"]
    assert (ROOT / build["context"] / "Dockerfile").is_file()
    for argument in build["args"]:
        assert re.search(rf"^ARG {argument}\b", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_compose_pins_its_images(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert re.search(r":\d+\.\d+\.\d+$", service["image"])


def test_nothing_secret_is_in_what_the_program_reads_from_its_environment() -> None:
    found = environment_of(OPTIONS)
    for value in (PASSWORD, TOKEN, base64.b64encode(PASSWORD.encode()).decode()):
        assert value not in str(found)
