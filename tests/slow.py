"""What marks tests that take minutes together: they run where AUGMENT_SLOW_TESTS is set."""

import os

import pytest

slow = pytest.mark.skipif(not os.environ.get("AUGMENT_SLOW_TESTS"), reason="slow; set AUGMENT_SLOW_TESTS=1")
