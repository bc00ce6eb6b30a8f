"""The MLP GAN of the preset mlp-gan-28. Argument: threads."""

import sys

from torch import nn

import adversarial
import timed

timed.start(int(sys.argv[1]))
HIDDEN = 128
generator = nn.Sequential(
    nn.Linear(100, HIDDEN),
    nn.LeakyReLU(0.2),
    nn.Linear(HIDDEN, HIDDEN),
    nn.LeakyReLU(0.2),
    nn.Linear(HIDDEN, 784),
    nn.Tanh(),
)
discriminator = nn.Sequential(
    nn.Flatten(),
    nn.Linear(784, HIDDEN),
    nn.LeakyReLU(0.2),
    nn.Linear(HIDDEN, HIDDEN),
    nn.LeakyReLU(0.2),
    nn.Linear(HIDDEN, 1),
)
adversarial.serve(generator, discriminator, 100, timed.pictures(28, 1))
