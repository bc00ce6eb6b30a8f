"""The DCGAN of the presets. Arguments: threads, picture size, channels, base channels."""

import math
import sys

from torch import nn

import adversarial
import timed


def networks(size, channels, base):
    start = 7 if size == 28 else 4
    doublings = int(math.log2(size // start))
    deepest = base * 2 ** (doublings - 1)
    flat = start * start * deepest
    generator = [nn.Linear(100, flat), nn.Unflatten(1, (deepest, start, start)), nn.BatchNorm2d(deepest), nn.ReLU()]
    inputs = deepest
    for level in range(1, doublings + 1):
        outputs = channels if level == doublings else inputs // 2
        generator.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1))
        generator += [nn.Tanh()] if level == doublings else [nn.BatchNorm2d(outputs), nn.ReLU()]
        inputs = outputs
    discriminator = []
    inputs = channels
    for level in range(doublings):
        outputs = base * 2**level
        discriminator += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
        inputs = outputs
    discriminator += [nn.Flatten(), nn.Linear(flat, 1)]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


if __name__ == "__main__":
    threads, size, channels, base = (int(word) for word in sys.argv[1:5])
    timed.start(threads)
    generator, discriminator = networks(size, channels, base)
    timed.small_normal(generator)
    timed.small_normal(discriminator)
    adversarial.serve(generator, discriminator, 100, timed.pictures(size, channels))
