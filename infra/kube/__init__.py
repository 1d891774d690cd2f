"""The Kubernetes API of one explicit context of one kubeconfig."""
