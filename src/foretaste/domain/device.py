"""The name of a device in; the device on which PyTorch computes out."""

import torch


def device_of(name: str) -> torch.device:
    """ "auto" is the first accelerator that works here, else the CPU."""
    if name != "auto":
        return torch.device(name)
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
