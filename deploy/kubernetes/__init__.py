"""Manifests for Kubernetes, by kustomize; the base is made of the table of processes."""
