import type { FamilyId } from '../../contract/presets.ts';
import { cgan } from './cgan.ts';
import { dcgan } from './dcgan.ts';
import { ddpm } from './ddpm.ts';
import type { ModelFamily } from './family.ts';
import { denoiser } from './denoiser.ts';
import { mlpGan } from './mlp-gan.ts';
import { pix2pix } from './pix2pix.ts';
import { resnetGan } from './resnet-gan.ts';
import { vae } from './vae.ts';
import { vqvaeTransformer } from './vqvae-transformer.ts';
import { wganGp } from './wgan-gp.ts';

const modelFamilies: Readonly<Record<FamilyId, ModelFamily>> = {
  'mlp-gan': mlpGan,
  dcgan,
  'wgan-gp': wganGp,
  vae,
  cgan,
  'resnet-gan': resnetGan,
  ddpm,
  'vqvae-transformer': vqvaeTransformer,
  pix2pix,
  denoiser,
};

/** The family called `id`. */
export function familyOf(id: FamilyId): ModelFamily {
  return modelFamilies[id];
}
