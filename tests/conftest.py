"""How hypothesis runs: ``ci`` draws the same examples every time, ``--hypothesis-profile=deep`` many new ones."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)
settings.load_profile("ci")
