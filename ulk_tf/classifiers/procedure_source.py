"""Source of a procedure: the files and the library versions that decide what it computes.

The key of a corpus holds both, so that an edited procedure is never mixed with what an earlier
text of it computed.
"""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ulk_tf.files import digest

# Part of the key of a class whose source Python cannot show: nothing of another process is reused.
_UNKNOWN = secrets.token_hex(8)
# Folders of installed packages, which count by their version.
_INSTALLED = ("site-packages", "dist-packages")


@dataclass
class Source:
    """Source of a class.

    Attributes:
        texts: text by module: the class' module, those of its package that it imports, and those
            of the classes that it inherits from.
        libraries: version by package that these modules import, except the standard library.
    """

    texts: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the texts."""
        return digest(sorted(self.texts.items()))


@lru_cache(maxsize=16)
def source_of(cls: type) -> Source:
    """Read the source of a class, and the versions of the libraries that it imports.

    Args:
        cls: the class.
    """
    source = Source()
    path = _file(sys.modules.get(cls.__module__))
    if path is None or "<locals>" in cls.__qualname__:
        source.texts[cls.__module__] = _text_of(cls)
        return source
    _follow(source, cls.__module__, path, _home(cls.__module__, path))
    for base in cls.__mro__[1:]:
        name, found = base.__module__, _file(sys.modules.get(base.__module__))
        if name.partition(".")[0] not in sys.stdlib_module_names and found is not None:
            source.texts.setdefault(name, found.read_text("utf-8"))
    return source


def _follow(source: Source, name: str, path: Path, home: Path) -> None:
    """Add a module, and those below `home` that it imports."""
    text = path.read_text("utf-8")
    source.texts[name] = text
    for imported in _imports(text, name):
        found = _origin(imported)
        if found is not None and _is_below(found, home):
            if imported not in source.texts:
                _follow(source, imported, found, home)
        elif found is not None:
            _add_version(source, imported.partition(".")[0])


def _imports(text: str, name: str) -> Iterator[str]:
    """Yield the full names of what a module may import, some of which are no modules."""
    is_package = (_origin(name) or Path()).name == "__init__.py"
    package = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join(parents) if node.level else ""
            base = ".".join(part for part in (start, node.module) if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@lru_cache(maxsize=1024)
def _origin(name: str) -> Path | None:
    """Return the file of a module; None for what is no module, or has no Python file."""
    top = name.partition(".")[0]
    if not name or top in sys.stdlib_module_names or top == "ulk_tf":
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):  # no package, or __main__
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _add_version(source: Source, package: str) -> None:
    if package in source.libraries:
        return
    try:
        version = getattr(importlib.import_module(package), "__version__", None)
    except Exception:  # an optional import of the user's, which is missing or broken here
        return
    if isinstance(version, str):
        source.libraries[package] = version


def _home(name: str, path: Path) -> Path:
    """Return the folder of a module's outermost package, or the one that its file lies in."""
    deeper = name.count(".") - (path.name != "__init__.py")
    return path.parents[max(deeper, 0)]


def _is_below(path: Path, home: Path) -> bool:
    try:
        inside = path.relative_to(home)
    except ValueError:
        return False
    # A module alone in site-packages has all other packages beside it.
    return home.name not in _INSTALLED and not set(_INSTALLED) & set(inside.parts)


def _file(module: object) -> Path | None:
    path = getattr(module, "__file__", None)
    return Path(path) if isinstance(path, str) and path.endswith(".py") else None


def _text_of(cls: type) -> str:
    # What a function's class computes also depends on the variables of that call.
    if "<locals>" not in cls.__qualname__:
        with contextlib.suppress(OSError, TypeError):  # a notebook's
            return inspect.getsource(cls)
    return f"{_UNKNOWN}-{id(cls)}"
