"""Writes ``groups.py`` of the generated package: ``latchkey.users.list()`` for each function of ``api``.

Run it as ``make_groups.py <document> <package>``, after the generator.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN_OPERATIONS = {
    "login",
    "login_with_cookies",
    "login_with_passkey",
    "login_with_passkey_and_cookies",
    "login_with_second_factor",
    "login_with_second_factor_and_cookies",
    "refresh",
    "refresh_with_cookies",
    "logout",
    "change_password",
    "change_password_with_cookies",
}
"""The client has methods for these, which store the tokens."""

RESERVED = {"api", "tokens", "contract", "close", "finish_login", "confirm_totp", *TOKEN_OPERATIONS}
ERRORS = {"ProblemDetails", "OAuthError", "None", "Any"}


def words_of(name: str) -> list[str]:
    return name.split("_")


def short_name(operation: str, group: str) -> str:
    """Leave the group's name out of an operation's: ``list_users`` of ``users`` becomes ``list``."""
    verb, *rest = words_of(operation)
    plural = words_of(group)
    last = plural[-1]
    singular = [
        *plural[:-1],
        last.removesuffix("ies") + "y" if last.endswith("ies") else last.removesuffix("s"),
    ]
    for noun in (plural, singular):
        if rest[: len(noun)] == noun:
            return "_".join([verb, *rest[len(noun) :]])
    return operation


@dataclass(frozen=True)
class Operation:
    """A function that the generator has made.

    Attributes:
        name: of its module.
        function: the synchronous one, as parsed.
        imports: name → the statement that imports it.
        streams: whether its response is a stream of events.
    """

    name: str
    function: ast.FunctionDef
    imports: dict[str, str]
    streams: bool

    def parameters(self) -> ast.arguments:
        """Return those of the function, without the client; ``list`` is also the name of a method."""
        parsed: Any = ast.parse(ast.unparse(self.function)).body[0]
        given: ast.arguments = parsed.args
        given.args.insert(0, ast.arg("self"))
        kept = [
            (parameter, default)
            for parameter, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
            if parameter.arg != "client"
        ]
        given.kwonlyargs = [parameter for parameter, _ in kept]
        given.kw_defaults = [default for _, default in kept]
        for parameter in (*given.args, *given.kwonlyargs):
            if parameter.annotation:
                parameter.annotation = BuiltinList().visit(parameter.annotation)
        return given

    def arguments(self, *others: str) -> str:
        """Return how the parameters are passed on, with other keyword arguments."""
        given = self.parameters()
        by_position = [parameter.arg for parameter in given.args[1:]]
        by_name = [f"{parameter.arg}={parameter.arg}" for parameter in given.kwonlyargs]
        return ", ".join([*by_position, *others, *by_name])

    def result(self) -> str:
        """Return the type of what it returns if the service does not refuse; ``None`` without a body."""
        types: list[str] = []

        def collect(node: ast.expr | None) -> None:
            if isinstance(node, ast.BinOp):
                collect(node.left)
                collect(node.right)
            elif node is not None and ast.unparse(node) not in ERRORS:
                types.append(ast.unparse(BuiltinList().visit(node)))

        collect(self.function.returns)
        return " | ".join(types) or "None"

    def description(self) -> str:
        """Return its docstring, without what is true of every function."""
        text = ast.get_docstring(self.function) or self.name
        text = re.split(r"\n\s*(?:Raises|Returns):", text)[0].strip().replace("\\", "\\\\")
        lines = [line.removeprefix(" ") if line[:2].strip() else line for line in text.splitlines()]
        return "\n".join(f"        {line}".rstrip() for line in lines)

    def method(self, name: str, *, is_async: bool) -> str:
        """Return a method that calls it."""
        call = f"{self.name}.{'asyncio' if is_async else 'sync'}({self.arguments('client=self._client')})"
        if self.streams:
            kind = "AsyncGenerator" if is_async else "Generator"
            stream = "async_events" if is_async else "events"
            head, result = "def", f"{kind}[ServerSentEvent]"
            body = f"return {stream}(self._client, {self.name}._get_kwargs({self.arguments()}))"
        else:
            head, result = ("async def" if is_async else "def"), self.result()
            call = f"await {call}" if is_async else call
            body = call if result == "None" else f"return unwrap({call})"
        return (
            f"    {head} {name}({ast.unparse(self.parameters())}) -> {result}:\n"
            f'        """\n{self.description()}\n        """\n        {body}\n'
        )


class BuiltinList(ast.NodeTransformer):
    """Writes ``list[str]`` so that it is not a method's name."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace the name."""
        return ast.Attribute(ast.Name("builtins"), "list") if node.id == "list" else node


def event_streams(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Return method and path of the operations that stream events, with parameters as ``{}``."""
    return {
        (method, re.sub(r"\{[^{}]*\}", "{}", path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        and any("text/event-stream" in each.get("content", {}) for each in operation["responses"].values())
    }


def read_operation(file: Path, streams: set[tuple[str, str]]) -> Operation:
    source = file.read_text()
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "sync")
    imports: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            level = "." * max(node.level - 2, 0)
            for each in node.names:
                imports[each.name] = f"from {level}{node.module} import {each.name}"
        elif isinstance(node, ast.Import):
            for each in node.names:
                imports[each.name] = f"import {each.name}"
    method = re.search(r'"method": "(\w+)"', source)
    path = re.search(r'"url": "([^"]*)"', source)
    called = (method[1], re.sub(r"\{[^{}]*\}", "{}", path[1])) if method and path else ("", "")
    return Operation(file.stem, function, imports, called in streams)


def used_imports(operation: Operation) -> set[str]:
    trees = [ast.parse(operation.result(), mode="eval"), *operation.parameters().args[1:]]
    trees += [*operation.parameters().kwonlyargs, *filter(None, operation.parameters().kw_defaults)]
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {operation.imports[name] for name in names if name in operation.imports}


def render(groups: dict[str, list[Operation]]) -> str:
    imports: set[str] = set()
    classes: list[str] = []
    for is_async in (False, True):
        prefix = "Async" if is_async else ""
        for group, operations in groups.items():
            short = [short_name(operation.name, group) for operation in operations]
            methods: list[str] = []
            for operation, name in zip(operations, short, strict=True):
                is_clear = short.count(name) == 1 and not keyword.iskeyword(name)
                methods.append(operation.method(name if is_clear else operation.name, is_async=is_async))
                imports |= {f"from .api.{group} import {operation.name}", *used_imports(operation)}
            classes.append(
                f'class {prefix}{class_name(group)}:\n    """The operations of one tag."""\n\n'
                "    def __init__(self, client: AuthenticatedClient) -> None:\n"
                '        """Call them with this client."""\n        self._client = client\n\n'
                + "\n".join(methods)
            )
        assigned = "".join(
            f"        self.{attribute_name(group)} = {prefix}{class_name(group)}(client)\n"
            for group in groups
        )
        classes.append(
            f'class {prefix}Groups:\n    """The operations of the contract, by their tags."""\n\n'
            "    def __init__(self, client: AuthenticatedClient) -> None:\n"
            f'        """Call them with this client."""\n{assigned}'
        )
    if any(operation.streams for operations in groups.values() for operation in operations):
        imports |= {
            "from collections.abc import AsyncGenerator, Generator",
            "from httpx_sse import ServerSentEvent",
            "from .streams import async_events, events",
        }
    needed = ["import builtins", "from .client import AuthenticatedClient", "from .results import unwrap"]
    lines = "\n".join(["from __future__ import annotations", *needed, *sorted(imports - set(needed))])
    return f'"""The operations of the contract as methods."""\n\n{lines}\n\n\n' + "\n\n".join(classes)


def class_name(group: str) -> str:
    return "".join(word.capitalize() for word in words_of(attribute_name(group))) + "Group"


def attribute_name(group: str) -> str:
    name = group.replace("o_auth", "oauth")
    return f"{name}_operations" if name in RESERVED or keyword.iskeyword(name) else name


def main(document: str, package: str) -> None:
    streams = event_streams(json.loads(Path(document).read_text()))
    groups: dict[str, list[Operation]] = {}
    for file in sorted(Path(package, "api").glob("*/*.py")):
        if file.stem not in {"__init__", *TOKEN_OPERATIONS}:
            groups.setdefault(file.parent.name, []).append(read_operation(file, streams))
    Path(package, "groups.py").write_text(render(groups))


main(*sys.argv[1:])
