"""The load generators, one file each: how each is asked for a load, and where in its output the figures stand."""

from tools.h2load import H2load
from tools.k6 import K6
from tools.loadgate import Loadgate
from tools.oha import Oha
from tools.wrk import Wrk

# In the order in which they run and are shown.
TOOLS = (Loadgate, Wrk, Oha, H2load, K6)
