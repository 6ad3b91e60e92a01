"""Make the host like a user's: the pack is a folder in custom_nodes/, and no ``clipasso_core`` is installed beside it.

The environment that runs the tests has the core installed (editable), so an absolute ``import clipasso_core`` in
the pack would pass here and fail for everybody else. This finder refuses it.
"""

import importlib.abc
import sys


class NoInstalledCore(importlib.abc.MetaPathFinder):
    """Refuse the top-level package ``clipasso_core``; the pack's own copy has another, longer name."""

    def find_spec(self, fullname, path=None, target=None):
        """Raise for the core's absolute name, and leave every other name to the usual finders."""
        if fullname.partition(".")[0] == "clipasso_core":
            raise ModuleNotFoundError(f"{fullname} is not installed on a user's machine: import it relatively")


sys.meta_path.insert(0, NoInstalledCore())
