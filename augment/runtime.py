"""Where and in which number format networks run."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment import AugmentError
from augment.results import Result

if TYPE_CHECKING:
    import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


@dataclass(frozen=True)
class Place(Result):
    """Where work was done, which its times depend on.

    Attributes:
        device: cpu or cuda.
        threads: of the process.
    """

    device: str
    threads: int


@dataclass(frozen=True)
class Runtime:
    """How a command runs; none of it changes what is asked for, only `precision` changes the figures.

    Attributes:
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32 or bf16; auto trains in bf16 on hardware that computes it natively and in fp32 elsewhere,
            and generates in fp32.
        threads: per process, None for all cores.
        progress: show bars.
        force: make an artefact that is there already, or another, again.
        wait: for an artefact that another process is at work on; False raises Busy there.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    progress: bool = True
    force: bool = False
    wait: bool = True

    def torch_device(self) -> torch.device:
        """The device.

        Raises:
            AugmentError: for a GPU that is not there.
        """
        import torch

        name = self.device
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        device = torch.device(name)
        if device.type == "cuda" and not torch.cuda.is_available():
            raise AugmentError(f"⟨device⟩ {self.device}: no CUDA device is visible; use ⟨device⟩ cpu or auto")
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise AugmentError(f"⟨device⟩ {self.device}: only {torch.cuda.device_count()} CUDA device(s) are visible")
        return device

    def training_dtype(self) -> torch.dtype | None:
        """The autocast type of training, None for fp32."""
        import torch

        if self.precision == "fp32":
            return None
        if self.precision == "bf16":
            return torch.bfloat16
        if self.torch_device().type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else None
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else None

    @property
    def generates_bf16(self) -> bool:
        """Whether images are generated in bf16: only where that was asked for by name."""
        return self.precision == "bf16"

    @property
    def generating_precision(self) -> str:
        """`bf16` or `fp32`: the number format in which images are generated."""
        return "bf16" if self.generates_bf16 else "fp32"

    def precision_name(self) -> str:
        """`bf16` or `fp32`: what `training_dtype` comes to on this machine."""
        return "fp32" if self.training_dtype() is None else "bf16"

    def place(self) -> Place:
        """Where it runs, for the record."""
        import torch

        return Place(self.torch_device().type, self.threads or torch.get_num_threads())

    def prepare(self) -> None:
        """Set this process's threads and keep freed activations in the process.

        glibc hands large blocks back to the kernel after every step and faults them in again, a tenth of a small
        training step; results do not change.
        """
        import torch

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        try:
            libc = ctypes.CDLL(None)
            libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
            libc.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)
        except (OSError, AttributeError):  # not glibc
            return
