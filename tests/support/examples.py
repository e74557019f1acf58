"""How many examples are tried by tests of anything at all: ASSIGNCHAT_FUZZ=N tries N times as many.

Without it they are the same in every run, so that nobody's change is held up by what somebody
else's brought in; with it they are new ones each time.
"""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings

_FUZZ = int(os.environ.get("ASSIGNCHAT_FUZZ", "0"))
TIMES_AS_MANY = max(1, _FUZZ)


def tried(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples, for which a test has its fixtures once."""
    return settings(
        max_examples=examples * TIMES_AS_MANY,
        derandomize=not _FUZZ,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
