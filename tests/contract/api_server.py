"""What faults rely on in an API server: one function, held against the fake here, a real one in tests/e2e."""

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from faultcast.experiments.resources.objects import read_json
from faultcast.experiments.resources.selectors import Selector
from faultcast.infra.kube.client import KubeClient, with_token
from faultcast.infra.waiting import Clock, Wait, wait_until

SPACE = "faultcast-contract"
_LABELS = {"app": "contract"}
_PATIENCE = Wait(60.0, 0.5)


def check_api_server(kube: KubeClient, container: dict[str, Any], clock: Clock) -> None:
    """Check the contract in a namespace of its own, which is gone at the end.

    Args:
        kube: A client with all rights.
        container: A container that runs on.
        clock: Time of the cluster.
    """
    kube.core.create_namespace({"metadata": {"name": SPACE}})
    try:
        _objects(kube)
        _selectors(kube)
        _patches(kube)
        _deletions(kube, clock)
        _rights(kube, clock)
        _workloads(kube, container, clock)
    finally:
        kube.core.delete_namespace(SPACE)


def _config(
    name: str, *, labels: dict[str, str] | None = None, owner: Any = None, **data: str
) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "labels": labels or {}}
    if owner:
        known = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner}
        meta["ownerReferences"] = [known]
    return {"metadata": meta, "data": data}


def _make(kube: KubeClient, name: str, **more: Any) -> Any:
    return kube.core.create_namespaced_config_map(SPACE, _config(name, **more))


def _refused(status: int, call: Callable[[], Any]) -> None:
    with pytest.raises(ApiException) as caught:
        call()
    assert caught.value.status == status


def _objects(kube: KubeClient) -> None:
    made = _make(kube, "one", a="1")
    assert made.metadata.uid
    assert made.metadata.resource_version
    assert made.metadata.creation_timestamp
    assert kube.core.read_namespaced_config_map("one", SPACE).data == {"a": "1"}
    _refused(409, lambda: _make(kube, "one"))
    _refused(404, lambda: kube.core.read_namespaced_config_map("two", SPACE))
    _refused(404, lambda: kube.core.create_namespaced_config_map("nowhere", _config("one")))
    _refused(422, lambda: kube.core.create_namespaced_config_map(SPACE, {"data": {}}))
    made.data = {"a": "2"}
    changed = kube.core.replace_namespaced_config_map("one", SPACE, made)
    assert (changed.data, changed.metadata.uid) == ({"a": "2"}, made.metadata.uid)
    assert changed.metadata.resource_version != made.metadata.resource_version
    _refused(409, lambda: kube.core.replace_namespaced_config_map("one", SPACE, made))


def _selectors(kube: KubeClient) -> None:
    _make(kube, "web", labels={"app": "web", "tier": "front"})
    _make(kube, "data", labels={"app": "data"})
    for selector, names in {
        "app=web": {"web"},
        "app==web,tier=front": {"web"},
        "app in (web, data)": {"web", "data"},
        "app,!tier": {"data"},
        "app,app!=web": {"data"},
        "app,tier notin (front)": {"data"},
        "app=nobody": set(),
    }.items():
        found = kube.core.list_namespaced_config_map(SPACE, label_selector=selector)
        assert {item.metadata.name for item in found.items} == names, selector
    _readers(kube)


def _readers(kube: KubeClient) -> None:
    """Faultcast's own reader of selectors says of labels what the server says."""
    space, listed = SPACE, kube.core.list_namespaced_config_map
    objects = {item.metadata.name: item.metadata.labels for item in listed(space).items}
    for said in (
        {"match_labels": {"app": "web"}},
        {"match_labels": {"app": "web", "tier": "front"}},
        {"match_labels": {"app": ""}},
        {},
        _term("app", "In", "web", "data"),
        _term("app", "In", ""),
        _term("app", "NotIn", "web"),
        _term("tier", "NotIn", "front", ""),
        _term("tier", "Exists"),
        _term("tier", "DoesNotExist"),
        {"match_labels": {"app": "web"}, **_term("tier", "DoesNotExist")},
    ):
        selector = Selector.of(client.V1LabelSelector(**said))
        found = {item.metadata.name for item in listed(space, label_selector=str(selector)).items}
        assert found == {name for name, labels in objects.items() if selector.fits(labels)}, said
    nothing = Selector.of(None)
    assert not listed(space, label_selector=str(nothing)).items
    services = Selector.of_labels({"tier": "front", "app": "web"})
    assert len(listed(space, label_selector=str(services)).items) == 1


def _term(key: str, operator: str, *values: str) -> dict[str, Any]:
    term = client.V1LabelSelectorRequirement(key=key, operator=operator, values=list(values) or None)
    return {"match_expressions": [term]}


def _patch(kube: KubeClient, body: Any, content: str) -> Any:
    answer: Any = kube.api.call_api(
        f"/api/v1/namespaces/{SPACE}/configmaps/one",
        "PATCH",
        header_params={"Content-Type": content, "Accept": "application/json"},
        body=body,
        auth_settings=["BearerToken"],
        response_type="V1ConfigMap",
        _return_http_data_only=True,
    )
    return answer.data


def _patches(kube: KubeClient) -> None:
    merge, operations = "application/merge-patch+json", "application/json-patch+json"
    assert _patch(kube, {"data": {"b": "3"}}, merge) == {"a": "2", "b": "3"}
    assert _patch(kube, {"data": {"a": None}}, merge) == {"b": "3"}
    assert _patch(kube, {"data": {"c": "4"}}, "application/strategic-merge-patch+json") == {
        "b": "3",
        "c": "4",
    }
    test = {"op": "test", "path": "/data/c", "value": "4"}
    assert _patch(kube, [test, {"op": "remove", "path": "/data/c"}], operations) == {"b": "3"}
    _refused(422, lambda: _patch(kube, [test], operations))
    assert kube.core.patch_namespaced_config_map("one", SPACE, {"data": {"b": "5"}}).data == {"b": "5"}
    _refused(404, lambda: kube.core.patch_namespaced_config_map("two", SPACE, {"data": {}}))


def _deletions(kube: KubeClient, clock: Clock) -> None:
    owner = _make(kube, "owner")
    _make(kube, "owned", owner=owner.metadata.uid)
    _make(kube, "orphan", owner="00000000-0000-0000-0000-000000000000")
    wait_until("what nobody owns is gone", lambda: _gone(kube, "orphan"), _PATIENCE, clock=clock)
    assert not _gone(kube, "owned")
    options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    _refused(409, lambda: kube.core.delete_namespaced_config_map("owner", SPACE, body=options))
    kube.core.delete_namespaced_config_map("owner", SPACE, propagation_policy="Background")
    wait_until("what it owned is gone", lambda: _gone(kube, "owned"), _PATIENCE, clock=clock)
    _refused(404, lambda: kube.core.delete_namespaced_config_map("owner", SPACE))


def _gone(kube: KubeClient, name: str) -> bool:
    return all(item.metadata.name != name for item in kube.core.list_namespaced_config_map(SPACE).items)


def _rights(kube: KubeClient, clock: Clock) -> None:
    kube.core.create_namespaced_service_account(SPACE, {"metadata": {"name": "reader"}})
    asked = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600)
    )
    token: Any = kube.core.create_namespaced_service_account_token("reader", SPACE, asked)
    reader = with_token(kube, token.status.token)
    _refused(403, lambda: reader.core.list_namespaced_config_map(SPACE))
    assert not _may(reader, "list", "configmaps")
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["web"]},
    ]
    meta = {"name": "reader", "namespace": SPACE}
    kube.rbac.create_namespaced_role(SPACE, {"metadata": meta, "rules": rules})
    binding = {
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", **meta}],
    }
    kube.rbac.create_namespaced_role_binding(SPACE, binding)
    wait_until("the role counts", lambda: _may(reader, "list", "configmaps"), _PATIENCE, clock=clock)
    assert reader.core.list_namespaced_config_map(SPACE).items
    assert reader.core.read_namespaced_config_map("web", SPACE).metadata.name == "web"
    _refused(403, lambda: reader.core.read_namespaced_config_map("data", SPACE))
    _refused(403, lambda: reader.core.delete_namespaced_config_map("web", SPACE))
    _refused(403, lambda: reader.core.list_namespaced_config_map("default"))


def _may(kube: KubeClient, verb: str, resource: str) -> bool:
    attributes = {"verb": verb, "resource": resource, "namespace": SPACE}
    review = client.AuthorizationV1Api(kube.api).create_self_subject_access_review(
        {"spec": {"resourceAttributes": attributes}}
    )
    return bool(review.status.allowed)


def _workloads(kube: KubeClient, container: dict[str, Any], clock: Clock) -> None:
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": _LABELS}, "spec": spec}
    kube.apps.create_namespaced_deployment(
        SPACE,
        {
            "metadata": {"name": "two"},
            "spec": {"replicas": 2, "selector": {"matchLabels": _LABELS}, "template": template},
        },
    )
    wait_until("two pods are ready", lambda: _ready(kube) == 2, _PATIENCE, clock=clock)
    chosen = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["contract"]}]}
    budget = {"metadata": {"name": "both"}, "spec": {"minAvailable": 2, "selector": chosen}}
    kube.policy.create_namespaced_pod_disruption_budget(SPACE, budget)
    victim = _pods(kube)[0].metadata.name
    body = client.V1Eviction(metadata=client.V1ObjectMeta(name=victim, namespace=SPACE))

    def budget_counts() -> bool:
        found = kube.policy.read_namespaced_pod_disruption_budget("both", SPACE)
        return bool(found.status is None or found.status.observed_generation)

    wait_until("the budget is known", budget_counts, _PATIENCE, clock=clock)
    _refused(429, lambda: kube.core.create_namespaced_pod_eviction(victim, SPACE, body))
    kube.policy.delete_namespaced_pod_disruption_budget("both", SPACE)
    kube.core.create_namespaced_pod_eviction(victim, SPACE, body)
    wait_until(
        "the pod was replaced",
        lambda: _ready(kube) == 2 and victim not in {pod.metadata.name for pod in _pods(kube)},
        _PATIENCE,
        clock=clock,
    )
    kube.apps.patch_namespaced_deployment("two", SPACE, {"spec": {"replicas": 0}})
    wait_until("no pod is left", lambda: not _pods(kube), _PATIENCE, clock=clock)
    found = read_json(kube, "/apis/apps/v1") or {}
    kinds = {one["name"]: one["kind"] for one in found["resources"]}
    assert (kinds["deployments"], kinds["deployments/scale"]) == ("Deployment", "Scale")
    assert read_json(kube, "/apis/nobody.example.com/v1") is None
    scaled = read_json(kube, f"/apis/apps/v1/namespaces/{SPACE}/deployments/two/scale") or {}
    assert scaled["status"]["selector"] == "app=contract"
    scale = kube.apps.read_namespaced_deployment_scale("two", SPACE)
    assert scale.spec.replicas is None, "of a scale the server leaves 0 out"
    again = {"spec": {"replicas": 1}}
    assert kube.apps.patch_namespaced_deployment_scale("two", SPACE, again).spec.replicas == 1
    wait_until("one pod is ready", lambda: _ready(kube) == 1, _PATIENCE, clock=clock)
    assert kube.apps.read_namespaced_deployment("two", SPACE).status.ready_replicas == 1


def _pods(kube: KubeClient) -> list[Any]:
    return list(kube.core.list_namespaced_pod(SPACE, label_selector="app=contract").items)


def _ready(kube: KubeClient) -> int:
    return sum(
        not pod.metadata.deletion_timestamp
        and any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())
        for pod in _pods(kube)
    )
