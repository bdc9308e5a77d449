"""Which arithmetic training uses."""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch

from hiddenspace.errors import UsageError

Precision = Literal["auto", "32", "bf16"]


@cache
def cpu_multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16 products (AMX or AVX512-BF16; BF16 on ARM)."""
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16", "bf16"))
    return bool(torch.cpu._is_avx512_bf16_supported())  # the older torch that the floor still admits


def resolve(precision: str, device: torch.device) -> Literal["32", "bf16"]:
    """`auto` is bfloat16 mixed precision where the hardware multiplies it fast, and float32 elsewhere.

    Raises
    ------
    UsageError
        If `precision` is none of auto, 32, bf16.
    """
    match precision:
        case "32":
            return "32"
        case "bf16":
            return "bf16"
        case "auto" if device.type == "cuda":
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
        case "auto":
            return "bf16" if device.type == "cpu" and cpu_multiplies_bfloat16() else "32"
    raise UsageError(f"precision={precision!r} is unknown; use 'auto', '32' or 'bf16'.")
