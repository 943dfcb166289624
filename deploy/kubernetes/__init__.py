"""Manifests for Kubernetes, by kustomize; the base is generated from the table of processes."""
