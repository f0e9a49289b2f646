"""`%argon` and `%%argon` for IPython: verbs, completion, and the marks of cells."""

from .extension import load, unload

__all__ = ["load", "unload"]
