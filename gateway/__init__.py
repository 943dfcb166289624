"""HTTP for systems without Temporal: for now the callbacks of payment providers."""
