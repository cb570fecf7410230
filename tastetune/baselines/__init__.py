"""Baselines that answer the same frozen rows: trivial means, and recommenders trained by RecBole.

This package alone imports RecBole; `tastetune.baselines.trivial.likes` imports neither RecBole nor torch.
"""

import os

FIT_ON = {"test": "train+validation", "test_sample": "train+validation", "validation": "train"}
"""What a model is fitted on, by the split it answers: everything before that split, never the split itself."""


def wait_passively() -> None:
    """Let idle OpenMP threads sleep, unless the user chose otherwise; call it before torch is imported.

    Small models start a parallel region every few microseconds. With the default policy the idle threads spin
    between them and steal the cores from the working ones: measured on two cores, an epoch takes 3 to 30 times longer.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
