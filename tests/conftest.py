"""How the tests run: one BLAS thread a process, and hypothesis with the same examples every time.

``--hypothesis-profile=deep`` draws many new ones. Two test processes with two BLAS threads each on two cores wait for
each other: the suite then takes four times as long.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded, which is later than this file

from hypothesis import settings

settings.register_profile("ci", derandomize=True, max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)
settings.load_profile("ci")
