"""Argon: branch, travel through and merge MongoDB data from a notebook.

In a notebook: `%load_ext argon`, then `%argon?`. In Python:

    import argon

    argon.init("churn")                                   # creates or opens a project
    db = argon.db()                                       # a plain pymongo Database that follows the session
    frame = argon.read("main@1600", "users").to_pandas()  # any state
    client = argon.Client()                               # projects, branches, merges, pins, runs, events
    client = argon.AsyncClient()                          # the same for coroutines

Importing this package is cheap: pymongo and the rest are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .aio import AsyncClient
    from .client import Client
    from .errors import ArgonError
    from .verbs import at, checkout, data_for_model, db, init, read, sandbox, uri, use, write

__all__ = [
    "ArgonError",
    "AsyncClient",
    "Client",
    "__version__",
    "at",
    "checkout",
    "data_for_model",
    "db",
    "init",
    "read",
    "sandbox",
    "uri",
    "use",
    "write",
]

_MODULES = ("dvc", "wandb")
"""Parts that bring a tool of others in, imported when they are first named."""

_HOMES = {"AsyncClient": "aio", "Client": "client", "ArgonError": "errors"}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES.get(name, 'verbs')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext argon`."""
    from .magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext argon`."""
    from .magics import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-argon"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .jupyter import ArgonExtension

    return [{"module": "argon", "app": ArgonExtension}]
