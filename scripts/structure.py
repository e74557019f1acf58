"""Measure the package's structure, print it, and fail where it has outgrown its bounds.

What is measured: circles of imports, those inside functions too; the lines of function bodies,
without signature and docstring; the lines of modules; SQL above the store; `noqa` comments.
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "assignchat"

MOST_BODY_LINES = 31
MOST_P90_BODY_LINES = 15
MOST_MODULE_LINES = 400
MOST_NOQA = 20

# The words of SQL in capitals, and a bound value beside an operator; a fragment has one of them.
SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|WHERE|JOIN|AND|OR|EXISTS|UNION|HAVING|BETWEEN)\b"
    r"|\b(ORDER|GROUP) BY\b|\bIS (NOT )?NULL\b|(=|<|>|\bIN|\bLIKE) *:\w"
)


def module_name(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(name: str, tree: ast.Module, modules: set[str]) -> set[str]:
    """Return the package's modules that a module imports, anywhere in it but for type checking."""
    found = set()
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A name that is a module is imported itself, else the module that has the name.
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules else node.module)
    return found & modules - {name}


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, without what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _executed(child)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or by way of others."""
    reached = {name: _reachable(name, graph) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += graph[name]
    return found


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has, without its signature and docstring."""
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        if len(function.body) == 1:
            return 0
        first = function.body[1]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module with their lines, docstrings left out; values in them are `?`."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "?" for part in node.values)
            yield node.lineno, "".join(map(str, parts))


def main() -> int:
    """Print each measure beside its bound. Returns 1 if one of them is exceeded, else 0."""
    sources = {module_name(path): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
    trees = {name: ast.parse(source) for name, source in sources.items()}
    graph = {name: imports(name, tree, set(trees)) for name, tree in trees.items()}
    functions = {
        f"{name}:{node.name}": body_lines(node)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    lines = {name: source.count("\n") for name, source in sources.items()}
    p90 = round(statistics.quantiles(functions.values(), n=10)[-1])
    noqa = sum(source.count("# noqa") for source in sources.values())
    sql = [
        f"{name}:{line}"
        for name, tree in trees.items()
        if not name.startswith("assignchat.store")
        for line, text in texts(tree)
        if SQL.search(text)
    ]
    print(f"{sum(lines.values()):,} lines in {len(lines)} modules, {len(functions):,} functions")
    within = [
        _within("circles of imports", len(circles(graph)), 0, circles(graph)),
        _within("lines of the longest function body", *_longest(functions, MOST_BODY_LINES)),
        _within("lines of a function body, 90th percentile", p90, MOST_P90_BODY_LINES, []),
        _within("lines of the longest module", *_longest(lines, MOST_MODULE_LINES)),
        _within("texts with SQL above the store", len(sql), 0, sql),
        _within("noqa comments", noqa, MOST_NOQA, []),
    ]
    return 0 if all(within) else 1


def _longest(sizes: dict[str, int], bound: int) -> tuple[int, int, list[str]]:
    return max(sizes.values()), bound, [name for name, size in sizes.items() if size > bound]


def _within(what: str, found: int, bound: int, offenders: list[str] | list[list[str]]) -> bool:
    print(f"{found:6,} {what} (at most {bound})")
    if found > bound:
        for offender in offenders:
            print(f"       {offender}")
    return found <= bound


if __name__ == "__main__":
    sys.exit(main())
