import torch

from foretaste.domain.device import device_of


def test_a_device_that_is_named_is_that_one() -> None:
    assert device_of("cpu") == torch.device("cpu")
    assert device_of("cuda:1") == torch.device("cuda:1")


def test_auto_is_a_device_that_computes_here() -> None:
    assert torch.ones(2, device=device_of("auto")).sum() == 2
