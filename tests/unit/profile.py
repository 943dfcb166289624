"""The number and the length of the random runs that hypothesis makes with each state machine."""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

from tests.tiers import examples

settings.register_profile(
    "lives",
    derandomize=True,
    deadline=None,
    max_examples=examples(10, few=2),
    stateful_step_count=30,
    phases=(Phase.generate,),  # a failing run of 30 steps is shown whole: shrinking it takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", settings.get_profile("lives"), derandomize=False, max_examples=200, phases=(Phase.generate, Phase.shrink)
)
PROFILE: Final = settings.get_profile(os.environ.get("MOTCUA_HYPOTHESIS", "lives"))
