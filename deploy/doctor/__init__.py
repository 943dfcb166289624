"""What is missing or unhealthy on this machine and on the servers it uses, and how to mend it: `motcua doctor`."""

from deploy.doctor.examination import examine
from deploy.doctor.finding import Finding, Health

__all__ = ["Finding", "Health", "examine"]
