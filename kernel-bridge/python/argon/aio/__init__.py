"""The control plane for coroutines, with the names of `argon.client`."""

from .branch import AsyncBranch, AsyncBranches
from .client import AsyncClient
from .diff import AsyncDiff
from .events import AsyncEvents
from .feed import AsyncFeed
from .plan import AsyncPlan
from .project import AsyncProject, AsyncProjects

__all__ = [
    "AsyncBranch",
    "AsyncBranches",
    "AsyncClient",
    "AsyncDiff",
    "AsyncEvents",
    "AsyncFeed",
    "AsyncPlan",
    "AsyncProject",
    "AsyncProjects",
]
