"""Typed Python access to the control plane, with the names of the protocol."""

from .branch import Branch, Branches
from .client import Client
from .diff import Diff
from .events import Events
from .feed import Feed
from .plan import Plan
from .project import Project, Projects

__all__ = ["Branch", "Branches", "Client", "Diff", "Events", "Feed", "Plan", "Project", "Projects"]
