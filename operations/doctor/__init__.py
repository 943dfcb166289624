"""What is missing or unhealthy on this machine and on the servers it uses, and how to mend it: `motcua doctor`."""

from operations.doctor.examination import examine
from operations.doctor.finding import Finding, Health

__all__ = ["Finding", "Health", "examine"]
