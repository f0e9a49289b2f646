"""How answers look: each is built once from blocks, and shown as text, as escaped HTML and as JSON."""

from .shown import Shown

__all__ = ["Shown"]
