"""`motcua doctor`: the faults of this machine and of the servers that it uses, and their remedies."""

from operations.doctor.examination import examine
from operations.doctor.finding import Finding, Health

__all__ = ["Finding", "Health", "examine"]
