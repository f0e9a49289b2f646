"""Writes kernel-bridge/python/argon/aio/{branch,diff,…}.py, the client for coroutines, from argon/client.

Both have the same names, docs and types; only one is written by hand. What calls the bridge becomes a coroutine,
what yields what it asked for an asynchronous iterator, and a property that asks a method. mypy reads what comes out,
and finds what was not awaited.

`python tools/client_async.py --check` only compares, and fails when a file is not up to date.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kernel-bridge" / "python" / "argon"
MODULES = ("branch", "diff", "feed", "paging", "plan", "planning", "project")
CLASSES = ("Branches", "Branch", "Client", "Diff", "Feed", "Planning", "Plan", "Projects", "Project")
ASYNC_MODULES = {f"from .{module} " for module in (*MODULES, "client")}
"""Modules that have a namesake in argon/aio; others are those of argon/client."""

REQUESTS = {"call", "change", "database", "between"}
"""What asks the bridge: everything that calls one of these does too."""

ASKERS = {"conflicts", "documents", "iterate", "pages"}
"""What iterates over what it asked for."""

EXAMPLES = {
    "for change in feed:": "async for change in feed:",
}


def renamed(name: str) -> str:
    """`Branch` → `AsyncBranch`."""
    return f"Async{name}" if name in CLASSES else name


class Asynchronous(ast.NodeTransformer):
    """Turns one module; `asking` names its functions, methods and properties that ask."""

    def __init__(self, asking: set[str], properties: set[str]) -> None:
        self.asking = asking
        self.properties = properties
        self.owner = ""
        self.depth = 0

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Imports come from the namesakes in argon/aio where there are any."""
        names = [ast.alias(renamed(alias.name), alias.asname) for alias in node.names]
        if node.module == "collections.abc":
            names = [*node.names, *map(ast.alias, ("AsyncIterator", "Awaitable"))]
        elsewhere = node.level == 1 and node.module not in (*MODULES, "client")
        module = f"client.{node.module}" if elsewhere else node.module
        return ast.ImportFrom(module, names, 2 if elsewhere else node.level)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Renames it, and remembers whose methods follow."""
        outer, self.owner = self.owner, node.name
        node.name = renamed(node.name)
        self.generic_visit(node)
        self.owner = outer
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Renames a class."""
        node.id = renamed(node.id)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Examples in docs await too."""
        if isinstance(node.value, str):
            for old, new in EXAMPLES.items():
                node.value = node.value.replace(old, new)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """What asks becomes a coroutine, or an asynchronous generator."""
        asks = qualified("" if self.depth else self.owner, node.name) in self.asking
        yields = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in own_nodes(node))
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        if node.name == "pages":
            node.args.args[0].annotation = ast.parse("Callable[[Any], Awaitable[Page]]", mode="eval").body
        if not asks:
            return node
        node.decorator_list = [one for one in node.decorator_list if ast.unparse(one) != "property"]
        node.name = "__aiter__" if node.name == "__iter__" else node.name
        if node.returns is not None and yields:
            node.returns = ast.parse(
                re.sub(r"^Iterator", "AsyncIterator", ast.unparse(node.returns)), mode="eval"
            ).body
        fields = {name: getattr(node, name) for name in node._fields}
        return ast.AsyncFunctionDef(**fields, lineno=0)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A property that asks is a method now."""
        self.generic_visit(node)
        if (
            node.attr in self.properties
            and ast.unparse(node.value) == "self"
            and qualified(self.owner, node.attr) in self.asking
        ):
            return ast.Await(ast.Call(node, [], []))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Awaits what asks."""
        is_list = ast.unparse(node.func) == "list" and asks_by_name(node.args[0], self)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        asks = asks_by_name(node, self) and name not in ASKERS
        self.generic_visit(node)
        if is_list:
            return ast.parse(f"[each async for each in {ast.unparse(node.args[0])}]", mode="eval").body
        return ast.Await(node) if asks else node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Stays: whoever calls it awaits what it gives."""
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Iterates asynchronously over what asks."""
        asks = asks_by_name(node.iter, self)
        self.generic_visit(node)
        if not asks or isinstance(node.iter, ast.Await):
            return node
        return ast.AsyncFor(node.target, node.iter, node.body, node.orelse, lineno=0)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """There is no asynchronous `yield from`."""
        self.generic_visit(node)
        if not isinstance(node.value, ast.YieldFrom):
            return node
        each = ast.Name("each", ast.Store())
        body = ast.Expr(ast.Yield(ast.Name("each", ast.Load())))
        return ast.For(each, node.value.value, [body], [], lineno=0)


def qualified(owner: str, name: str) -> str:
    """`Class.method`, or the name of a function."""
    return f"{owner}.{name}" if owner else name


def own_nodes(function: ast.AST) -> list[ast.AST]:
    """The nodes of a function, not those of functions in it."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(function):
        found.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)):
            found += own_nodes(child)
    return found


def methods_that_ask(trees: dict[str, ast.Module]) -> tuple[set[str], set[str]]:
    """Everything that asks the bridge, through others too: `Class.method` or `function`; and the properties among it."""
    known: set[str] = set()
    properties: set[str] = set()
    while True:
        before = len(known)
        for tree in trees.values():
            for owner, function in functions_of(tree):
                state = Asynchronous(known, properties)
                state.owner = owner
                nodes = own_nodes(function)
                is_asking = any(
                    asks_by_name(node, state)
                    or (
                        isinstance(node, ast.Attribute)
                        and ast.unparse(node.value) == "self"
                        and qualified(owner, node.attr) in known
                        and node.attr in properties
                    )
                    for node in nodes
                )
                if is_asking:
                    known.add(qualified(owner, function.name))
                    if any(ast.unparse(one) == "property" for one in function.decorator_list):
                        properties.add(function.name)
        if len(known) == before:
            return known, properties


def functions_of(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """All functions with the class they stand in; those inside others have none."""
    found: list[tuple[str, ast.FunctionDef]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found += [(node.name, item) for item in node.body if isinstance(item, ast.FunctionDef)]
    in_classes = {id(function) for _, function in found}
    return found + [
        ("", node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and id(node) not in in_classes
    ]


BASES = {"Branch": "Planning"}
KINDS = {
    "Branch(": "Branch",
    "Branches(": "Branches",
    "Planning(": "Planning",
    "Plan(": "Plan",
    "plan": "Plan",
    "self.branches": "Branches",
    "self._client.projects": "Projects",
    "self._client.project(": "Project",
    "super()": "Planning",
}
"""What expressions are, by how they begin: few, and mypy tells when one is forgotten."""


def kind_of(text: str, owner: str) -> str | None:
    """The class of an expression, when it is one of those that may ask."""
    if text == "self":
        return owner
    if text in KINDS:
        return KINDS[text]
    return next(
        (kind for start, kind in KINDS.items() if start.endswith("(") and text.startswith(start)), None
    )


def asks_by_name(node: ast.AST, state: Asynchronous) -> bool:
    """Whether a node is a call of something that asks."""
    if isinstance(node, ast.Await):
        return True
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in ("ask", "pages")
    if not isinstance(node.func, ast.Attribute):
        return False
    name, receiver = node.func.attr, ast.unparse(node.func.value)
    if name in REQUESTS and receiver in ("self._client", "client", "Diff"):
        return True
    kind = kind_of(receiver, state.owner)
    while kind is not None:
        if f"{kind}.{name}" in state.asking:
            return True
        kind = BASES.get(kind)
    return False


def written(module: str, tree: ast.Module, asking: set[str], properties: set[str]) -> str:
    """The text of a module for coroutines."""
    turned = ast.fix_missing_locations(Asynchronous(set(asking), properties).visit(tree))
    text = ast.unparse(turned)
    end = text.index('"""', 3) + 3
    origin = f"# Written by tools/client_async.py from argon/client/{module}.py: change it there.\n"
    return formatted(text[:end] + "\n\n" + origin + text[end:])


def formatted(text: str) -> str:
    """As the rest of the package is formatted, without imports that nothing needs."""
    for command in (["check", "--fix", "--quiet", "-"], ["format", "-"]):
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--stdin-filename",
            str(PACKAGE / "aio" / "module.py"),
        ]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


def main() -> int:
    """Writes the modules, or compares them."""
    trees = {name: ast.parse((PACKAGE / "client" / f"{name}.py").read_text()) for name in MODULES}
    asking, properties = methods_that_ask(trees)
    asking.add("pages")
    stale = []
    for name, tree in trees.items():
        target = PACKAGE / "aio" / f"{name}.py"
        text = written(name, tree, asking, properties)
        if target.exists() and target.read_text() == text:
            continue
        if "--check" in sys.argv:
            stale.append(target.relative_to(ROOT))
        else:
            target.write_text(text)
    for target in stale:
        print(f"{target} is not up to date: run `python tools/client_async.py`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
