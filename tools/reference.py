"""Make the API reference from the docstrings: `python -m tools.reference [FOLDER]`.

Every module of the package is imported and becomes a page of build/docs/, without a network. A
warning of pdoc's (an annotation that names nothing, a module that cannot be imported) fails it.
"""

import importlib.util
import shutil
import sys
import types
import warnings
from pathlib import Path

import pdoc
from tqdm import tqdm

from ulk_tf.quiet import import_tensorflow

PACKAGE = "ulk_tf"
FOLDER = Path("build") / "docs"
# Modules that import an extra which `make install` does not bring, by its name.
EXTRAS = {"torch": "ulk_tf.classifiers.torch_procedure"}


def write(folder: Path, *modules: str) -> list[str]:
    """Write the pages of modules and return what pdoc warned of.

    Args:
        folder: made anew.
        modules: their names; submodules follow.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pdoc.render.configure(docformat="google")
    # Its type stubs make it generic, and our annotations with them; the class itself is not.
    tqdm.__class_getitem__ = classmethod(types.GenericAlias)
    with warnings.catch_warnings(record=True) as caught:
        # One line of code in pdoc warns of everything, which the usual filter lets pass once.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module=r"pdoc\b")
        pdoc.pdoc(*modules, output_directory=folder)
    return [str(warning.message) for warning in caught]


def main() -> None:
    """Write the reference, print where it is, and exit with 1 if there were warnings."""
    import_tensorflow()  # before any module does it, aloud
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    missing = [module for extra, module in EXTRAS.items() if not importlib.util.find_spec(extra)]
    for module in missing:
        print(f"left out, since its extra is not installed: {module}", file=sys.stderr)
    found = write(folder, PACKAGE, *(f"!{module}" for module in missing))
    for warning in found:
        print(f"warning: {warning}", file=sys.stderr)
    print(folder / "index.html")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
