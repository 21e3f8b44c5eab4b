"""See :mod:`b2bua.main`."""

import sys

from b2bua.main import main

sys.exit(main())
