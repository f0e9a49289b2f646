"""Runs the body of a `%%argon` cell in the notebook's own namespace."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from ..errors import ArgonError


def run_body(shell: Any, source: str) -> None:
    """Runs `source` as the shell would run a cell; its last expression is shown.

    Exceptions go through as they are, with the lines of the cell in their traceback.
    """
    __tracebackhide__ = True
    transformed = shell.transform_cell(source)
    name = shell.compile.cache(transformed, shell.displayhook.prompt_count, raw_code=source)
    tree = shell.transform_ast(shell.compile.ast_parse(transformed, name))
    last = tree.body[-1] if tree.body else None
    quiet = source.rstrip().endswith(";")
    space = shell.user_ns
    if isinstance(last, ast.Expr):
        before = ast.Module(tree.body[:-1], type_ignores=[])
        _run(shell, before, name, "exec")
        value = _run(shell, ast.Expression(last.value), name, "eval")
        if value is not None and not quiet:
            space["_"] = value
            from IPython.display import display

            display(value)  # type: ignore[no-untyped-call]
        return
    _run(shell, tree, name, "exec")


def _run(shell: Any, tree: ast.Module | ast.Expression, name: str, mode: str) -> Any:
    __tracebackhide__ = True
    code = compile(
        tree, name, mode, flags=shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    if code.co_flags & inspect.CO_COROUTINE:
        raise ArgonError(
            "USAGE",
            "a cell of %%argon cannot await",
            next=["use `with argon.at(REF):` or `with argon.sandbox():` in a plain cell"],
        )
    return eval(code, shell.user_global_ns, shell.user_ns)
