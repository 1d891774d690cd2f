"""A real Kubernetes cluster on this one machine: no hypervisor, no container engine, no image registry."""
