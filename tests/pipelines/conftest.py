"""Makes `fake_work` importable here and in worker processes, whatever pytest's import mode."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
