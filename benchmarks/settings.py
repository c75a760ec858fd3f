"""The product's settings, with one address more on the agency's host."""

from config.settings import *  # noqa: F403
from config.settings import URLCONF_OF_PLACE

URLCONF_OF_PLACE = {**URLCONF_OF_PLACE, "agency": "benchmarks.bare"}
