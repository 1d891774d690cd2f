"""Python functions that are known to only read, by module: what an experiment may call beside faults.

`tests/unit/experiments/loading/test_readers.py` tries each of them: it sends nothing but GET.
"""

__all__ = ["READERS", "reads"]

READERS: dict[str, frozenset[str]] = {
    "faultcast.experiments.probes": frozenset({"workload_ready"}),
    "chaosk8s.probes": frozenset(
        {
            "all_microservices_healthy",
            "deployment_is_fully_available",
            "deployment_is_not_fully_available",
            "microservice_available_and_healthy",
            "microservice_is_not_available",
            "read_microservices_logs",
            "secret_exists",
            "service_endpoint_is_initialized",
        }
    ),
    "chaosk8s.crd.probes": frozenset(
        {
            "get_cluster_custom_object",
            "get_custom_object",
            "list_cluster_custom_objects",
            "list_custom_objects",
        }
    ),
    "chaosk8s.daemonset.probes": frozenset(
        {
            "daemon_set_available_and_healthy",
            "daemon_set_fully_available",
            "daemon_set_not_fully_available",
            "daemon_set_partially_available",
        }
    ),
    "chaosk8s.deployment.probes": frozenset(
        {
            "deployment_available_and_healthy",
            "deployment_fully_available",
            "deployment_not_fully_available",
            "deployment_partially_available",
        }
    ),
    "chaosk8s.event.probes": frozenset({"get_events"}),
    "chaosk8s.namespace.probes": frozenset({"namespace_exists"}),
    "chaosk8s.networking.probes": frozenset({"ingress_exists"}),
    "chaosk8s.node.probes": frozenset(
        {
            "all_nodes_must_be_ready_to_schedule",
            "get_all_node_status_conditions",
            "get_nodes",
            "nodes_must_be_healthy",
            "verify_nodes_condition",
        }
    ),
    "chaosk8s.pod.probes": frozenset(
        {
            "all_pods_healthy",
            "count_min_pods",
            "count_pods",
            "pod_is_not_available",
            "pods_in_conditions",
            "pods_in_phase",
            "pods_not_in_phase",
            "read_pod_logs",
            "should_be_found_in_logs",
        }
    ),
    "chaosk8s.secret.probes": frozenset({"secret_exists"}),
    "chaosk8s.service.probes": frozenset({"service_is_initialized"}),
    "chaosk8s.statefulset.probes": frozenset(
        {"statefulset_fully_available", "statefulset_not_fully_available"}
    ),
}
"""The functions of chaosk8s ask the cluster that was named, whatever the environment says (`isolation`)."""


def reads(module: object, func: object) -> bool:
    """Whether a function is known to only read."""
    return isinstance(module, str) and isinstance(func, str) and func in READERS.get(module, ())
