"""How many seconds some matrix products take at best, on one line; exits with 1 where they come out wrong.

OpenBLAS takes kernels decades old on a processor that it does not know by name. The bench runs this once for each
family of kernels that OPENBLAS_CORETYPE can name, and gives PyTorch the fastest.
"""

import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)
SHAPES = [(64, 128, 784), (512, 512, 512), (1024, 256, 64)]
pairs = [(torch.randn(rows, depth), torch.randn(depth, columns)) for rows, depth, columns in SHAPES]
for left, right in pairs:
    error = (left @ right - (left.double() @ right.double()).float()).abs().max().item()
    if not error < 1e-3:
        sys.exit(1)
best = float("inf")
ends = time.perf_counter() + 0.7
while time.perf_counter() < ends:
    began = time.perf_counter()
    for left, right in pairs:
        left @ right
    best = min(best, time.perf_counter() - began)
print(best)
