"""Starts in the folder of an exported model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.errors import HarnessError
from harness.loading.model_folder import DECIDING, TENSORS, VOCABULARY, digest_of, read_vocabulary
from harness.study.experiment import Experiment
from harness.training import guards
from harness.training.assembly import Start


def read_start(experiment: Experiment, *, folder: str | None) -> Start:
    """The vocabulary and the weights that an experiment starts from, in a folder.

    Raises `HarnessError` if the folder is gone, or is not the one of the experiment's digest.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = Path(folder or "")
    try:
        files = {name: (path / name).read_bytes() for name in DECIDING} if folder else {}
    except OSError as error:
        raise HarnessError(f"the model that the run starts from: {error}") from None
    if not files:
        raise HarnessError(f"the model that the run starts from is gone: {experiment.starts_from}")
    content = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if digest_of(content) != experiment.starts_from:
        raise HarnessError(f"{path}: changed since the run was planned; run again")
    sides = read_vocabulary(path, content=files[VOCABULARY])
    try:
        weights = load(files[TENSORS])  # of the very bytes whose digest was checked
    except SafetensorError as fault:
        raise HarnessError(f"{path / TENSORS}: damaged ({' '.join(str(fault).split())})") from None
    codecs = guards.restored_tokenizer(experiment.tokenizer, sides=sides)
    return Start(codecs=codecs, weights=weights)
