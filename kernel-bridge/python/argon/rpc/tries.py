"""What becomes of a request that fails: it is sent again, or its error is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timezone
from typing import Any

from ..errors import ArgonError
from .connection import Dropped
from .repeat import REPEATABLE, REPEATABLE_WITH_CARE, outcome_after_repeat

WAIT_SECONDS_MAX = 30.0
"""How long a request waits for a bridge to be there."""


class Tries:
    """One request, sent once or more."""

    def __init__(self, method: str, params: dict[str, Any], wait: float, deadline: float | None) -> None:
        """
        Args:
            method: a method of schema/protocol.
            params: its params.
            wait: seconds to wait for a bridge to be there.
            deadline: seconds after which the reply is not waited for either; None: as long as it takes.
        """
        self.method = method
        self.params = params
        self._deadline = deadline
        self._begun = datetime.now(timezone.utc)
        self._repeated = False
        self._refused: ArgonError | None = None
        self.end = None if deadline is None else time.monotonic() + deadline
        """When the reply is not waited for any more, by `time.monotonic()`."""
        self.until = time.monotonic() + (wait if deadline is None else min(wait, deadline))
        """When a bridge is not waited for any more."""

    def took_effect(self, error: Exception) -> bool:
        """Whether an earlier sending may be what the error is about: then `outcome` knows. False: send it again.

        Raises:
            ArgonError: what the bridge answered; `OUTCOME_UNKNOWN`; `BRIDGE_UNAVAILABLE` for a reply that is late.
        """
        if isinstance(error, Dropped):
            if error.sent and self.method not in REPEATABLE and self.method not in REPEATABLE_WITH_CARE:
                raise ArgonError(
                    "OUTCOME_UNKNOWN",
                    f"the bridge went away during {self.method}, which may or may not have taken effect",
                    next=["look with %argon or %argon log, then try again"],
                ) from None
            self._repeated = self._repeated or error.sent
            if self._deadline is None:
                self.until = max(self.until, time.monotonic() + 1)
            return False
        if isinstance(error, ArgonError):
            self._refused = error
            if self._repeated and self.method in REPEATABLE_WITH_CARE:
                return True
            raise error
        if isinstance(error, FutureTimeout):
            raise ArgonError(
                "BRIDGE_UNAVAILABLE",
                f"the bridge did not answer {self.method} within {self._deadline} seconds",
            ) from None
        raise error

    def outcome(self, call: Callable[[str, dict[str, Any]], Any]) -> Any:
        """The result of the sending that took effect, as `call` finds it.

        Raises:
            ArgonError: what the bridge answered, when none did.
        """
        assert self._refused is not None
        return outcome_after_repeat(call, self.method, self.params, self._begun, self._refused)
