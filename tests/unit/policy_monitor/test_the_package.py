"""The package's docstring lists its modules, each once."""

import pkgutil
import re

import policy_monitor


def test_the_docstring_lists_each_module_once() -> None:
    modules = {module.name for module in pkgutil.iter_modules(policy_monitor.__path__)}
    indented = "\n".join(re.findall(r"^    (.*)$", policy_monitor.__doc__ or "", re.MULTILINE))
    listed = re.findall(r"`?([a-z_]+)`?(?=[,;]|$)", indented, re.MULTILINE)
    assert sorted(name for name in listed if name in modules) == sorted(modules)
