"""A textbook GAN or DCGAN that trains for some minutes, then writes the pictures it draws as bytes.

Arguments: threads, gan or dcgan, minutes, a file of training pictures (28 x 28 bytes each), how many to
draw, and the file for them.
"""

import sys
import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

BATCH = 64
LATENT = 100
PIXELS = 28


def gan():
    """Goodfellow et al. 2014, with the layer widths and batch normalisation of common tutorials."""
    generator = []
    widths = [LATENT, 128, 256, 512, 1024]
    for level, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        generator.append(nn.Linear(inputs, outputs))
        if level > 0:
            generator.append(nn.BatchNorm1d(outputs))
        generator.append(nn.LeakyReLU(0.2))
    generator += [nn.Linear(1024, PIXELS**2), nn.Tanh(), nn.Unflatten(1, (1, PIXELS, PIXELS))]
    discriminator = [nn.Flatten(), nn.Linear(PIXELS**2, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256)]
    discriminator += [nn.LeakyReLU(0.2), nn.Linear(256, 1)]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def dcgan():
    """Radford et al. 2016 on 28 x 28 pictures: two doublings, batch normalisation in both networks."""
    generator = nn.Sequential(
        *[nn.Linear(LATENT, 128 * 7 * 7), nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128), nn.ReLU()],
        *[nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU()],
        *[nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh()],
    )
    discriminator = nn.Sequential(
        *[nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2)],
        *[nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2)],
        *[nn.Flatten(), nn.Linear(128 * 7 * 7, 1)],
    )
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)
    return generator, discriminator


def main():
    threads, which, minutes, source, count, target = sys.argv[1:7]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    with open(source, "rb") as file:
        data = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).view(-1, 1, PIXELS, PIXELS)
    generator, discriminator = gan() if which == "gan" else dcgan()
    settings = {"lr": 2e-4, "betas": (0.5, 0.999)}
    of_generator = torch.optim.Adam(generator.parameters(), **settings)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), **settings)
    ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    ends = time.monotonic() + float(minutes) * 60
    steps = 0
    while time.monotonic() < ends:
        order = torch.randperm(len(data))
        for first in range(0, len(data) - BATCH + 1, BATCH):
            real = data[order[first : first + BATCH]].float() / 127.5 - 1
            generated = generator(torch.randn(BATCH, LATENT))
            of_discriminator.zero_grad(set_to_none=True)
            loss = binary_cross_entropy_with_logits(discriminator(real), ones)
            loss = loss + binary_cross_entropy_with_logits(discriminator(generated.detach()), zeros)
            loss.backward()
            of_discriminator.step()
            of_generator.zero_grad(set_to_none=True)
            binary_cross_entropy_with_logits(discriminator(generated), ones).backward()
            of_generator.step()
            steps += 1
            if time.monotonic() >= ends:
                break
    generator.eval()
    with torch.no_grad(), open(target, "wb") as file:
        left = int(count)
        while left > 0:
            part = min(left, 500)
            pictures = generator(torch.randn(part, LATENT))
            file.write(((pictures + 1) * 127.5).round().clamp(0, 255).byte().numpy().tobytes())
            left -= part
    print(steps)


if __name__ == "__main__":
    main()
