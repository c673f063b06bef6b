"""Does something when a module has been imported, or around its import. Knows Python's import system and nothing of what is done."""

import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType

Execute = Callable[[ModuleType], None]


class Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: asks the finders behind it, and lets their loader do a little more.

    ``around(execute, module, spec)`` is called in place of ``execute(module)``, and calls it; ``wants``: for which modules.
    """

    def __init__(
        self,
        around: Callable[[Execute, ModuleType, ModuleSpec], None],
        wants: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self._around, self._wants = around, wants

    def install(self) -> None:
        """From now on, before all other finders."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the next finder gives."""
        if not self._wants(fullname):
            return None
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        for finder in behind:
            if (spec := finder.find_spec(fullname, path, target)) is not None:
                if isinstance(spec.loader, SourceFileLoader):
                    self._extend(spec, spec.loader)
                return spec
        return None

    def _extend(self, spec: ModuleSpec, loader: SourceFileLoader) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            self._around(execute, module, spec)

        loader.exec_module = exec_module  # type: ignore[method-assign]
