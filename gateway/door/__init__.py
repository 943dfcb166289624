"""HTTP for everybody who is not on Temporal."""
