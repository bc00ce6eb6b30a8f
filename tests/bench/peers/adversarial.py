"""The step of the studio's adversarial families: the discriminator, then the generator and its average."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

import timed


def serve(generator, discriminator, latent_size, data):
    settings = {"lr": 2e-4, "betas": (0.5, 0.999)}
    of_generator = torch.optim.Adam(generator.parameters(), **settings)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), **settings)
    ones = torch.ones(timed.BATCH, 1)
    zeros = torch.zeros(timed.BATCH, 1)
    follow = timed.moving_average(generator)

    def train_step(step):
        real = timed.batch_of(data, step)
        with torch.no_grad():
            generated = generator(torch.randn(timed.BATCH, latent_size))
        of_discriminator.zero_grad(set_to_none=True)
        loss = binary_cross_entropy_with_logits(discriminator(real), ones)
        loss = loss + binary_cross_entropy_with_logits(discriminator(generated), zeros)
        loss.backward()
        of_discriminator.step()

        of_generator.zero_grad(set_to_none=True)
        for parameter in discriminator.parameters():
            parameter.requires_grad_(False)
        deceit = binary_cross_entropy_with_logits(
            discriminator(generator(torch.randn(timed.BATCH, latent_size))), ones
        )
        deceit.backward()
        for parameter in discriminator.parameters():
            parameter.requires_grad_(True)
        of_generator.step()
        follow()
        return loss.item(), deceit.item()

    timed.serve(train_step)
