"""The slots: one abstract base each, whose docstring is the contract of its components.

The imports below are the only list of slots, in the order in which pages and commands show them.
"""

from __future__ import annotations

from harness.components.component import Component as Component

# In the order in which a run meets them, which no sorting finds.
# isort: off
from harness.components.dataset import Dataset as Dataset
from harness.components.tokenizer import Tokenizer as Tokenizer
from harness.components.architecture import Architecture as Architecture
from harness.components.normalization import Normalization as Normalization
from harness.components.feed_forward import FeedForward as FeedForward
from harness.components.positions import Positions as Positions
from harness.components.initializer import Initializer as Initializer
from harness.components.regularizer import Regularizer as Regularizer
from harness.components.loss import Loss as Loss
from harness.components.optimizer import Optimizer as Optimizer
from harness.components.parameter_groups import ParameterGroups as ParameterGroups
from harness.components.schedule import Schedule as Schedule
from harness.components.decoding_policy import DecodingPolicy as DecodingPolicy
from harness.components.decay import Decay as Decay
from harness.components.averaging import Averaging as Averaging
from harness.components.generation import Generation as Generation
from harness.components.metric import Metric as Metric
from harness.components.figure import Figure as Figure
from harness.components.tracker import Tracker as Tracker
from harness.components.executor import Executor as Executor

# isort: on
from harness.components.transformer_options import Layers as Layers
from harness.components.transformer_options import TransformerOptions as TransformerOptions

# Read off the imports, and not off `Component.__subclasses__`, which plugins would add to.
BASES: tuple[type[Component], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, type) and "slot" in vars(value)
)

SLOTS: dict[str, type[Component]] = {base.slot: base for base in BASES}
