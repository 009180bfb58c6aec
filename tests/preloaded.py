"""Importing this imports everything, on one thread, so that forks need not; the garbage collector leaves it alone."""

import gc
import os
import warnings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before torch and numpy are imported: a fork has one thread
os.environ["MPLBACKEND"] = "Agg"

from tests.torture.verbs import import_modules  # noqa: E402

with warnings.catch_warnings(action="ignore"):
    import_modules()
gc.freeze()
