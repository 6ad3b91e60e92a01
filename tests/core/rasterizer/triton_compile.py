"""Compile the Triton kernels for a GPU that need not be there; a script, run by the tests."""

from __future__ import annotations

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from clipasso_core.rasterizer.fused.cells import touch_kernel
from clipasso_core.rasterizer.fused.compose import gradient_kernel, paint_kernel

WHOLE = ("lines", "touched", "window")
REAL = ("coefficients", "radius", "color", "image", "upstream", "partial")
FIXED = {"tile": 8, "group": 32, "squares": 4}
for kernel in (touch_kernel, paint_kernel, gradient_kernel):
    for fixed in (FIXED, {**FIXED, "cubics": 1, "words": 1}):
        kinds = {"slack": "fp32", **dict.fromkeys(WHOLE, "*i32"), **dict.fromkeys(REAL, "*fp32")}
        kinds |= dict.fromkeys(fixed, "constexpr")
        signature = {name: kinds.get(name, "i32") for name in kernel.arg_names}
        values = {(i,): fixed[name] for i, name in enumerate(kernel.arg_names) if name in fixed}
        triton.compile(ASTSource(kernel, signature, constexprs=values), target=GPUTarget("cuda", 90, 32))
