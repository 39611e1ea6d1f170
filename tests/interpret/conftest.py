import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crosslight.interpret.record import Inspection


@pytest.fixture(scope="session")
def sample_inspection() -> Callable[..., Inspection]:
    """The builder in sample.py, which also serves the pictures."""
    spec = importlib.util.spec_from_file_location("interpret_sample", Path(__file__).with_name("sample.py"))
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    build: Callable[..., Inspection] = module.sample_inspection
    return build
