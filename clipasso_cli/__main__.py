"""``python -m clipasso_cli``: the command by the name of its package, where Python's scripts are not on the path."""

import sys

from .main import main

sys.exit(main())
