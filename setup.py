"""Puts what lies beside the package into its wheel: scripts, builders, recipes, configs, cards and the metric."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("scripts", "data_builders", "recipes", "recbole_configs", "model_cards", "metrics")


class BuildWithFolders(build_py):
    """The package, and the top-level folders as tastetune/bundled/; an editable install finds them in the checkout."""

    def run(self):
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # else modules of an earlier build travel along
        super().run()
        if not self.editable_mode:
            leave = shutil.ignore_patterns("__pycache__", "*.sh")  # the shell scripts run a checkout
            for name in FOLDERS:
                shutil.copytree(name, Path(self.build_lib, "tastetune", "bundled", name), ignore=leave)

    def get_outputs(self, include_bytecode=1):
        bundled = Path(self.build_lib, "tastetune", "bundled")
        return super().get_outputs(include_bytecode) + [str(path) for path in bundled.rglob("*") if path.is_file()]


setup(cmdclass={"build_py": BuildWithFolders})
