"""Random tests draw the same examples everywhere, so that a change is judged by what it changes and not by luck.

HYPOTHESIS_PROFILE=explore .venv/bin/pytest -m slow tests/campaigns      draws others each time
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
