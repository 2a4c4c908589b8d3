"""What would let a version pass, from the evidence at hand: never guessed, never a forecast.

Pure: no Django.
"""

from governance.way.parts import TRAINING, Duration, Kept, People, Release, Step, Way
from governance.way.steps import steps

__all__ = ["TRAINING", "Duration", "Kept", "People", "Release", "Step", "Way", "steps"]
