"""EfficientNet-Lite0 (Tan & Le 2019, arXiv 1905.11946; the Lite variant of 2020 without squeeze and
excitation and with ReLU6). In: pictures; out: the mean of its last layer.

The module names are those of the published weights, which were trained in TensorFlow: so where a
stride does not divide the size, the padding is on the right and at the bottom.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from foretaste.errors import WeightsError

DIM = 1280
BATCH_NORM_EPSILON = 1e-3
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""(blocks, kernel size, stride of the first block, expansion, channels out) of each stage."""

NORMALISED = (
    ("_expand_conv", "_bn0"),
    ("_depthwise_conv", "_bn1"),
    ("_project_conv", "_bn2"),
    ("_conv_stem", "_bn0"),
    ("_conv_head", "_bn1"),
)
"""(convolution, normalisation after it) within a module."""


class SamePaddedConv(nn.Conv2d):
    """A convolution that pads as TensorFlow's "SAME" does."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name in PyTorch
        """[batch, channels, height, width]"""
        height, width = input.shape[-2:]
        pad_height, pad_width = self._padding(height, 0), self._padding(width, 1)
        start_width, start_height = pad_width // 2, pad_height // 2
        input = functional.pad(  # noqa: A001
            input,
            (start_width, pad_width - start_width, start_height, pad_height - start_height),
        )
        return super().forward(input)

    def _padding(self, size: int, axis: int) -> int:
        stride, kernel = self.stride[axis], self.kernel_size[axis]
        return max((-(-size // stride) - 1) * stride + kernel - size, 0)


def _conv(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Module:
    return SamePaddedConv(inputs, outputs, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)


class InvertedBottleneck(nn.Module):
    """Wider, then each channel for itself, then narrower; with what came in added where it fits."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        width = inputs * expansion
        self.is_expanded, self.is_residual = expansion != 1, stride == 1 and inputs == outputs
        if self.is_expanded:
            self._expand_conv, self._bn0 = _conv(inputs, width), _norm(width)
        self._depthwise_conv = _conv(width, width, kernel, stride, groups=width)
        self._bn1 = _norm(width)
        self._project_conv, self._bn2 = _conv(width, outputs), _norm(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """[batch, channels, height, width]"""
        hidden = inputs
        if self.is_expanded:
            hidden = functional.relu6(self._bn0(self._expand_conv(hidden)))
        hidden = functional.relu6(self._bn1(self._depthwise_conv(hidden)))
        hidden = self._bn2(self._project_conv(hidden))
        return hidden + inputs if self.is_residual else hidden


class EfficientNetLite0(nn.Module):
    """The published network; `_fc`, which names 1,000 kinds of things, is loaded and not used."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _conv(3, 32, 3, 2), _norm(32)
        blocks, channels = [], 32
        for block_count, kernel, first_stride, expansion, outputs in STAGES:
            for block in range(block_count):
                stride = first_stride if block == 0 else 1
                blocks.append(
                    InvertedBottleneck(
                        channels, outputs, kernel=kernel, stride=stride, expansion=expansion
                    )
                )
                channels = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = _conv(channels, DIM), _norm(DIM)
        self._fc = nn.Linear(DIM, 1000)

    def forward(self, pixels: Tensor) -> Tensor:
        """[batch, 3, height, width], about -1 to 1 → [batch, 1280]"""
        hidden = functional.relu6(self._bn0(self._conv_stem(pixels)))
        for block in self._blocks:
            hidden = block(hidden)
        hidden = functional.relu6(self._bn1(self._conv_head(hidden)))
        return hidden.mean(dim=(2, 3))


def load_network(weights: Path) -> EfficientNetLite0:
    """The network with these weights, which are a pickle: only tensors are read of it."""
    network = EfficientNetLite0()
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(f"{weights} cannot be loaded: {error}") from error
    fused_network = _fused(network.eval())
    fused_network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return fused_network


def _fused(network: EfficientNetLite0) -> EfficientNetLite0:
    """The same with each normalisation in the convolution before it; with the channels last in
    memory it takes half the time on a CPU, and gives the same but for rounding.
    """
    for module in network.modules():
        for conv_name, norm_name in NORMALISED:
            conv, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
    return network
