"""Writes kernel-bridge/python/argon/protocol.py, the Python types of the control plane, from schema/protocol.

`python tools/protocol_py.py --check` only compares, and fails when the file is not up to date.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "schema" / "protocol"
TARGET = ROOT / "kernel-bridge" / "python" / "argon" / "protocol.py"

HEADER = '''"""Types of the control plane. Written by tools/protocol_py.py from schema/protocol: change it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired, TypeAlias
'''


def pascal(name: str) -> str:
    """`branch.create` → `BranchCreate`."""
    return re.sub(r"(^|\.)(\w)", lambda found: found[2].upper(), name)


class Writer:
    """Turns JSON Schema into TypedDicts; inner objects get a class of their own, named by their place."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def annotation(self, schema: dict[str, Any], name: str) -> str:
        """The annotation of a schema; `name` is what an inner object would be called."""
        if "$ref" in schema:
            return str(schema["$ref"]).rsplit("/", 1)[-1]
        if "const" in schema:
            return f"Literal[{json.dumps(schema['const'])}]"
        if "enum" in schema:
            return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                parts = [self.annotation(part, name) for part in schema[choice]]
                return f"Union[{', '.join(parts)}]"
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self.annotation(schema.get('items', {}), name + 'Item')}]"
        if kind == "object":
            if schema.get("properties"):
                self.structure(schema, name)
                return name
            values = schema.get("additionalProperties")
            inner = self.annotation(values, name + "Value") if isinstance(values, dict) else "Any"
            return f"dict[str, {inner}]"
        if isinstance(kind, list):
            return f"Union[{', '.join(self.annotation({'type': one}, name) for one in kind)}]"
        simple = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
        return simple.get(str(kind), "Any")

    def structure(self, schema: dict[str, Any], name: str) -> None:
        """A TypedDict of an object schema."""
        required = set(schema.get("required", []))
        fields: list[tuple[str, str, str]] = []
        for key, inner in schema["properties"].items():
            text = self.annotation(inner, name + key[:1].upper() + key[1:])
            fields.append(
                (key, text if key in required else f"NotRequired[{text}]", inner.get("description", ""))
            )
        if any(keyword.iskeyword(key) or not key.isidentifier() for key, _, _ in fields):
            self.lines += ["", "", f"{name} = TypedDict(", f'    "{name}",', "    {"]
            self.lines += [f'        "{key}": "{text.replace(chr(34), chr(39))}",' for key, text, _ in fields]
            self.lines += ["    },", ")"]
            return
        self.lines += ["", "", f"class {name}(TypedDict):"]
        if schema.get("description"):
            self.lines += [f'    """{schema["description"]}"""', ""]
        for key, text, why in fields:
            self.lines.append(f"    {key}: {text}")
            if why:
                self.lines.append(f'    """{why}"""')

    def definition(self, name: str, schema: dict[str, Any]) -> None:
        """A named type: a TypedDict for an object, an alias for everything else."""
        if schema.get("type") == "object" and schema.get("properties"):
            self.structure(schema, name)
            return
        text = self.annotation(schema, name + "Item")
        # Aliases are evaluated when the module is imported, before later classes exist: hence the quotes.
        self.lines += ["", f"{name}: TypeAlias = {json.dumps(text.replace(chr(34), chr(39)))}"]


def generate() -> str:
    """The text of protocol.py."""
    definitions: dict[str, Any] = {}
    methods: dict[str, Any] = {}
    events: dict[str, Any] = {}
    for file in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(file.read_text("utf-8"))
        definitions.update(schema.get("$defs", {}))
        methods.update(schema.get("methods", {}))
        events.update(schema.get("events", {}))
    writer = Writer()
    for name, schema in definitions.items():
        writer.definition(name, schema)
    for name, method in methods.items():
        writer.definition(pascal(name) + "Params", method["params"])
        writer.definition(pascal(name) + "Result", method["result"])
    for name, event in events.items():
        writer.definition(pascal(name) + "Event", event)
    union = ", ".join(pascal(name) + "Event" for name in events)
    table = "\n".join(
        f'    "{name}": {json.dumps(method["description"])},' for name, method in methods.items()
    )
    return (
        HEADER
        + "\n".join(writer.lines)
        + f'\n\nProtocolEvent: TypeAlias = "Union[{union}]"\n"""Params of the notification `event`."""\n'
        + f'\nMETHODS: dict[str, str] = {{\n{table}\n}}\n"""Every method of the bridge, and what it does."""\n'
        + '\nPROTOCOL_VERSION = 1\n"""Grows when a message changes in a way an older side would not understand."""\n'
    )


def main() -> int:
    """Writes the file, or compares it with `--check`."""
    text = generate()
    if TARGET.exists() and TARGET.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(
            f"{TARGET.relative_to(ROOT)} is not up to date: run `python tools/protocol_py.py`",
            file=sys.stderr,
        )
        return 1
    TARGET.write_text(text, "utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
