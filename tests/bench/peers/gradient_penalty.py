"""The DCGAN 28 as a Wasserstein GAN with gradient penalty. Argument: threads."""

import sys

import torch

import timed
from dcgan import networks

timed.start(int(sys.argv[1]))
generator, critic = networks(28, 1, 32)
timed.small_normal(generator)
timed.small_normal(critic)
data = timed.pictures(28, 1)
follow = timed.moving_average(generator)
settings = {"lr": 2e-4, "betas": (0.5, 0.999)}
of_generator = torch.optim.Adam(generator.parameters(), **settings)
of_critic = torch.optim.Adam(critic.parameters(), **settings)


def train_step(step):
    real = timed.batch_of(data, step)
    with torch.no_grad():
        generated = generator(torch.randn(timed.BATCH, 100))
    of_critic.zero_grad(set_to_none=True)
    between = (real + torch.rand(timed.BATCH, 1, 1, 1) * (generated - real)).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norm = (slope.square().sum((1, 2, 3)) + 1e-12).sqrt()
    loss = critic(generated).mean() - critic(real).mean() + 10 * (norm - 1).square().mean()
    loss.backward()
    of_critic.step()

    of_generator.zero_grad(set_to_none=True)
    for parameter in critic.parameters():
        parameter.requires_grad_(False)
    deceit = -critic(generator(torch.randn(timed.BATCH, 100))).mean()
    deceit.backward()
    for parameter in critic.parameters():
        parameter.requires_grad_(True)
    of_generator.step()
    follow()
    return loss.item(), deceit.item()


timed.serve(train_step)
