"""The CronJob manifest, as the API server sees it."""

from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from ruamel.yaml import YAML

from faultcast.infra.kube.client import KubeClient

pytestmark = pytest.mark.e2e

MANIFEST = Path(__file__).parents[2] / "experiments" / "workflows" / "cronjob.yaml"


def test_the_manifest_is_accepted(kube: KubeClient) -> None:
    documents: dict[str, Any] = {
        one["kind"]: one for one in YAML(typ="safe").load_all(MANIFEST.read_text()) if one
    }
    for one in documents.values():
        one["metadata"].pop("namespace", None)
    strict = {"dry_run": "All", "field_validation": "Strict"}
    claim = kube.core.create_namespaced_persistent_volume_claim(
        "default", documents["PersistentVolumeClaim"], **strict
    )
    job = client.BatchV1Api(kube.api).create_namespaced_cron_job("default", documents["CronJob"], **strict)
    assert claim.metadata.name == "faultcast-runs"
    assert job.spec.schedule == "15 2 * * *"
