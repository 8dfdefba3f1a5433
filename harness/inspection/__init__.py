"""Pictures that explain choices: their numbers come from the components and from the model itself.

Each module has numbers apart from what draws them, so that a test can hold them to an oracle.
"""

from __future__ import annotations
