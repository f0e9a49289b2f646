"""The Jupyter server extension: keeps the bridge, and relays the page to it."""

from .app import ArgonExtension

__all__ = ["ArgonExtension"]
