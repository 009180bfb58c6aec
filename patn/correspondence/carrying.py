"""Attention over the places of an image, and what its weights carry: features, or blocks of pixels."""

import torch
from torch import Tensor
from torch.nn import functional


def heads_apart(code: Tensor, heads: int) -> Tensor:
    """A code split into heads, its places counted row by row.

    Args:
        code: B x C x H x W.
        heads: a divisor of C.

    Returns:
        B x heads x H*W x C/heads.
    """
    split: Tensor = code.flatten(2).unflatten(1, (heads, -1)).transpose(2, 3)
    return split


def heads_joined(places: Tensor, size: tuple[int, int]) -> Tensor:
    """The heads' codes as one map again, the reverse of `heads_apart`.

    Args:
        places: B x heads x H*W x C/heads.
        size: (H, W).

    Returns:
        B x C x H x W.
    """
    joined: Tensor = places.transpose(2, 3).flatten(1, 2).unflatten(2, size)
    return joined


def attention_weights(queries: Tensor, keys: Tensor, sharpness: Tensor) -> Tensor:
    """Softmax of scaled cosines between places.

    Cosines are bounded, so that no step of a training can leave a place looking at one other for ever.

    Args:
        queries: B x heads x places x C.
        keys: as `queries`.
        sharpness: what each head multiplies its cosines with, heads x 1 x 1.

    Returns:
        B x heads x places x places; rows sum to 1.
    """
    dtype = queries.dtype
    queries = functional.normalize(queries, dim=-1) * sharpness.to(dtype)
    scores = queries @ functional.normalize(keys, dim=-1).transpose(2, 3)
    return scores.softmax(dim=-1).to(dtype)


def carry(weights: Tensor, picture: Tensor, block: int, *, shared: bool = False) -> Tensor:
    """The picture's blocks brought to other places, by every head of the weights.

    A place is a block of `block` x `block` pixels, counted row by row; the block at place i of the result is the sum of
    all blocks of the picture with row i of the weights.

    Args:
        weights: B x heads x places x places.
        picture: B x C x h x w with h * w = places * block^2.
        block: the side of a block in the picture's pixels.
        shared: every head carries all channels; otherwise each carries its part of them.

    Returns:
        B x heads * C x h x w if `shared`, else B x C x h x w.
    """
    height, width = picture.shape[-2:]
    heads = weights.shape[1]
    blocks = functional.pixel_unshuffle(picture, block).flatten(2).to(weights.dtype)  # B x C*block^2 x places
    blocks = blocks.unsqueeze(1) if shared else blocks.unflatten(1, (heads, -1))
    moved = weights @ blocks.transpose(2, 3)  # B x heads x places x values
    moved = moved.transpose(2, 3).flatten(1, 2).unflatten(2, (height // block, width // block))
    return functional.pixel_shuffle(moved, block).contiguous(memory_format=torch.channels_last)
