"""A convolutional variational autoencoder for 28x28 grey pictures. Argument: threads."""

import sys

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

import timed

LATENT = 32
timed.start(int(sys.argv[1]))
encoder = nn.Sequential(
    nn.Conv2d(1, 32, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(32, 64, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(3136, 2 * LATENT),
)
decoder = nn.Sequential(
    nn.Linear(LATENT, 3136),
    nn.ReLU(),
    nn.Unflatten(1, (64, 7, 7)),
    nn.ConvTranspose2d(64, 32, 4, 2, 1),
    nn.ReLU(),
    nn.ConvTranspose2d(32, 1, 4, 2, 1),
)
timed.small_normal(encoder)
timed.small_normal(decoder)
data = timed.pictures(28, 1)
follow = timed.moving_average(decoder)
optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)


def train_step(step):
    pictures = timed.batch_of(data, step)
    optimiser.zero_grad(set_to_none=True)
    mean, log_variance = encoder(pictures).chunk(2, 1)
    latents = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    logits = decoder(latents)
    targets = (pictures + 1) / 2
    reconstruction = binary_cross_entropy_with_logits(logits, targets, reduction="sum") / timed.BATCH
    divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / timed.BATCH
    loss = reconstruction + divergence
    loss.backward()
    optimiser.step()
    follow()
    return (loss.item(),)


timed.serve(train_step)
