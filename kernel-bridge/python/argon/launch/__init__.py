"""Finds the bridge, the process that holds the data, and starts it when there is none."""

from .ensure import ensure_bridge
from .places import Places, places
from .process import BridgeProcess

__all__ = ["BridgeProcess", "Places", "ensure_bridge", "places"]
