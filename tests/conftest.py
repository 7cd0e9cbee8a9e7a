"""Random tests draw the same examples everywhere, so that a change is judged by what it changes and not by luck.

HYPOTHESIS_PROFILE=explore .venv/bin/pytest -m slow tests/campaigns      draws others each time
"""

from __future__ import annotations

import os
import sys

from hypothesis import settings

# The hundreds of processes that tests start would each compile segcli anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as there are cores: each takes one, and so does what it starts. Tests to which
    # threads matter say themselves how many there are.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
