"""Runs the body of a `%%argon` cell in the notebook's own namespace."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from types import CodeType
from typing import Any, TypeVar

from ..errors import ArgonError

Place = TypeVar("Place")


class BodySyntaxError(Exception):
    """The body of a cell is no Python. Shown as the shell shows a cell that is none, without the frames of magics."""

    def __init__(self, shell: Any, error: SyntaxError) -> None:
        super().__init__(str(error))
        self._shell = shell
        self.error = error

    def _render_traceback_(self) -> list[str]:
        lines: list[str] = self._shell.SyntaxTB.structured_traceback(type(self.error), self.error, [])
        return lines


class Body:
    """The code of a cell, as the shell would run it; its last expression is shown.

    Exceptions go through as they are, with the lines of the cell in their traceback.
    """

    def __init__(self, shell: Any, source: str) -> None:
        self._shell = shell
        try:
            transformed = shell.transform_cell(source)
            name = shell.compile.cache(transformed, shell.displayhook.prompt_count, raw_code=source)
            tree = shell.transform_ast(shell.compile.ast_parse(transformed, name))
            self._prepare(source, tree, name)
        except SyntaxError as error:
            raise BodySyntaxError(shell, error) from None

    def _prepare(self, source: str, tree: ast.Module, name: str) -> None:
        last = tree.body[-1] if tree.body else None
        self._parts: list[CodeType] = []
        self._shows = isinstance(last, ast.Expr) and not source.rstrip().endswith(";")
        if isinstance(last, ast.Expr):
            before = ast.Module(tree.body[:-1], type_ignores=[])
            self._parts = [
                self._compile(before, name, "exec"),
                self._compile(ast.Expression(last.value), name, "eval"),
            ]
        else:
            self._parts = [self._compile(tree, name, "exec")]

    @property
    def awaits(self) -> bool:
        """Whether it awaits something outside all functions, and so must be awaited itself."""
        return any(_is_coroutine(part) for part in self._parts)

    def run(self) -> None:
        """Runs it; for a body that does not await."""
        __tracebackhide__ = True
        value = None
        for part in self._parts:
            value = eval(part, self._shell.user_global_ns, self._shell.user_ns)
        self._show(value)

    async def run_awaiting(self) -> None:
        """Runs it on the loop of the kernel."""
        __tracebackhide__ = True
        value = None
        for part in self._parts:
            value = eval(part, self._shell.user_global_ns, self._shell.user_ns)
            if _is_coroutine(part):
                value = await value
        self._show(value)

    def _show(self, value: Any) -> None:
        if not self._shows or value is None:
            return
        self._shell.user_ns["_"] = value
        from IPython.display import display

        display(value)  # type: ignore[no-untyped-call]

    def _compile(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
        code: CodeType = compile(
            tree,
            name,
            mode,
            flags=self._shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        return code


def run_within(
    shell: Any,
    source: str,
    place: Callable[[], AbstractContextManager[Place]],
    after: Callable[[Place], None] | None = None,
) -> Coroutine[Any, Any, None] | None:
    """Runs the body of a cell in a place, and then `after` with what the place gave; a coroutine when it awaits.

    After an exception `after` is called too, when the place has been left, and the exception goes on.

    Raises:
        ArgonError: `USAGE` when the body awaits and the shell does not.
    """
    __tracebackhide__ = True
    body = Body(shell, source)
    if not body.awaits:
        found = None
        try:
            with place() as found:
                body.run()
        except BaseException:
            _tell(after, found)
            raise
        if after is not None:
            after(found)
        return None
    if not shell.autoawait:
        raise ArgonError("USAGE", "the cell awaits, and %autoawait is off", next=["%autoawait on"])
    return _awaiting(body, place, after)


async def _awaiting(
    body: Body,
    place: Callable[[], AbstractContextManager[Place]],
    after: Callable[[Place], None] | None,
) -> None:
    __tracebackhide__ = True
    found = None
    try:
        with place() as found:
            await body.run_awaiting()
    except BaseException:
        _tell(after, found)
        raise
    if after is not None:
        after(found)


def _tell(after: Callable[[Place], None] | None, found: Place | None) -> None:
    """Says what became of the place of a cell that failed; nothing of that hides why it failed."""
    if after is not None and found is not None:
        with suppress(Exception):
            after(found)


class Awaited:
    """Makes the shell await a `%%argon` cell that awaits.

    The shell turns such a cell into a call of its magic, and that hides the await in a string. This transformer,
    the last one, puts an await in front of the call.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def register(self) -> None:
        """Begins."""
        self._shell.input_transformers_post.append(self.transform)

    def unregister(self) -> None:
        """Ends it."""
        transformers = self._shell.input_transformers_post
        if self.transform in transformers:
            transformers.remove(self.transform)

    def transform(self, lines: list[str]) -> list[str]:
        """The lines of a cell, awaited where its body awaits."""
        if len(lines) != 1 or not lines[0].startswith("get_ipython().run_cell_magic('argon', "):
            return lines
        if "await" not in lines[0] and "async" not in lines[0]:
            return lines
        try:
            (call,) = ast.parse(lines[0]).body
            source = call.value.args[2].value  # type: ignore[attr-defined]
            code = compile(
                self._shell.transform_cell(source),
                "<cell>",
                "exec",
                flags=self._shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
            )
        except (SyntaxError, ValueError, AttributeError, IndexError):
            # Whatever is wrong with it is told when it runs.
            return lines
        return [f"await {lines[0]}"] if self._shell.autoawait and _is_coroutine(code) else lines


def _is_coroutine(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)
