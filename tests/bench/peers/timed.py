"""What every peer shares: PyTorch at its best setting, and the answer to the bench's requests.

A line N on standard input is answered with the milliseconds that N training steps took,
by the clock and on the processor.
"""

import json
import os
import sys
import time

import torch

BATCH = 64
PICTURES = 1024


def start(threads):
    torch.set_num_threads(threads)
    device = os.environ.get("IMAGO_BENCH_DEVICE")
    if device:
        torch.set_default_device(device)
        torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)


def pictures(size, channels):
    return torch.randint(0, 256, (PICTURES, channels, size, size), dtype=torch.uint8)


def batch_of(data, step):
    first = step * BATCH % PICTURES
    return data[first : first + BATCH].float() / 127.5 - 1


def small_normal(network):
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0, 0.02)


def moving_average(network):
    """A function that lets copies of a network's weights follow them."""
    weights = list(network.parameters())
    average = [weight.detach().clone() for weight in weights]

    def follow():
        with torch.no_grad():
            torch._foreach_mul_(average, 0.995)
            torch._foreach_add_(average, weights, alpha=0.005)

    return follow


def serve(train_step):
    device = os.environ.get("IMAGO_BENCH_DEVICE")
    where = torch.cuda.get_device_name() if device == "cuda" else "%d threads" % torch.get_num_threads()
    print(json.dumps({"device": "PyTorch %s, %s" % (torch.__version__, where)}))
    sys.stdout.flush()
    step = 0
    for line in sys.stdin:
        began = time.perf_counter()
        processor_began = time.process_time()
        for _ in range(int(line)):
            scalars = train_step(step)
            assert all(value == value for value in scalars)
            step += 1
        answer = {
            "ms": (time.perf_counter() - began) * 1000,
            "processorMs": (time.process_time() - processor_began) * 1000,
        }
        print(json.dumps(answer))
        sys.stdout.flush()
