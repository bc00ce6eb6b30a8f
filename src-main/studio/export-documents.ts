import type { Image, Provenance } from '../contract/domain/images.ts';
import type { RepairOrigin } from '../contract/domain/repairs.ts';

/** A picture as it stands in an export. */
export interface ExportedPicture {
  /** Path inside the set, with `/`. */
  file: string;
  /** Of the bytes as exported. */
  sha256: string;
  bytes: number;
  image: Image;
  provenance: Provenance;
}

/**
 * A line of `metadata.jsonl` after Hugging Face's ImageFolder convention: `file_name` first, relative to the
 * file that holds the line, then columns of plain values.
 */
export function metadataLine({ file, image, provenance }: ExportedPicture): string {
  return `${JSON.stringify({
    file_name: file,
    seed: image.seed,
    ...(image.label === undefined ? {} : { label: image.label }),
    ...(image.sampling === undefined ? {} : { sampling: image.sampling }),
    run: provenance.run.id,
    preset: provenance.run.preset,
    checkpoint_step: image.checkpointStep,
    dataset: provenance.dataset.name,
    dataset_version: provenance.dataset.version,
    licence_of_training_pictures: provenance.dataset.licence.name,
    ...(provenance.repair === undefined
      ? {}
      : {
          made_from: nameOfOrigin(provenance.repair),
          input_sha256: provenance.repair.inputSha256,
          mask_sha256: provenance.repair.maskSha256 ?? '',
          licence_of_input: provenance.repair.rights.licence,
        }),
    starred: image.starred,
    generated: true,
  })}\n`;
}

function nameOfOrigin({ from }: RepairOrigin): string {
  switch (from.kind) {
    case 'file':
    case 'picture':
      return from.name;
    case 'version':
      return `${from.datasetId} v${from.version} ${from.part} #${from.row + 1}`;
    case 'image':
      return from.imageId;
  }
}

const uniqueBy = <Item, Key>(items: readonly Item[], key: (item: Item) => Key): Item[] => [
  ...new Map(items.map((item) => [key(item), item])).values(),
];

/** `manifest.json`: everything needed to make the set again, and to check that it is whole. */
export function manifestOf(pictures: readonly ExportedPicture[], version: string): string {
  const all = pictures.map(({ provenance }) => provenance);
  return `${JSON.stringify(
    {
      format: 'imago-studio-manifest',
      formatVersion: 1,
      generator: { name: 'Imago Studio', version },
      createdAt: new Date().toISOString(),
      datasets: uniqueBy(
        all.map(({ dataset }) => dataset),
        ({ id, version: number }) => `${id}/${number}`,
      ),
      checkpoints: uniqueBy(
        all.map(({ run }) => run),
        ({ id, step }) => `${id}/${step}`,
      ),
      images: pictures.map(({ file, sha256, bytes, image, provenance }) => ({
        file,
        sha256,
        bytes,
        widthPx: image.widthPx,
        heightPx: image.heightPx,
        seed: image.seed,
        ...(image.label === undefined ? {} : { label: image.label }),
        ...(image.sampling === undefined ? {} : { sampling: image.sampling }),
        ...(provenance.repair === undefined ? {} : { repair: provenance.repair }),
        run: provenance.run.id,
        checkpointStep: image.checkpointStep,
        starred: image.starred,
      })),
    },
    null,
    2,
  )}\n`;
}

/** `README.md`: a data card in plain words, with the front matter that dataset hubs read. */
export function dataCard(pictures: readonly ExportedPicture[], name: string, version: string): string {
  const datasets = uniqueBy(
    pictures.map(({ provenance }) => provenance.dataset),
    ({ id, version: number }) => `${id}/${number}`,
  );
  const runs = uniqueBy(
    pictures.map(({ provenance }) => provenance.run),
    ({ id, step }) => `${id}/${step}`,
  );
  const sizes = uniqueBy(
    pictures.map(({ image }) => `${image.widthPx}×${image.heightPx}`),
    (size) => size,
  );
  const sources = datasets
    .map(
      ({ name: dataset, version: number, images, hash, licence }) =>
        `- “${dataset}”, version ${number}: ${images} pictures, SHA-256 \`${hash}\`. Licence: ${licence.name || 'not recorded'}.${licence.attribution ? ` ${licence.attribution}` : ''}`,
    )
    .join('\n');
  const repairs = pictures.flatMap(({ provenance }) => provenance.repair ?? []);
  const repaired = repairs.length === 0 ? '' : `## Made from\n\n${inputsOf(repairs)}\n\n`;
  const models = runs
    .map(
      ({ name: run, preset, seed, step, checkpointSha256, backend }) =>
        `- “${run}”: preset \`${preset}\`, seed ${seed}, checkpoint at step ${step} (SHA-256 \`${checkpointSha256}\`), trained on ${backend || 'an unrecorded device'}.`,
    )
    .join('\n');
  return `---
tags:
- synthetic
- image-generation
size_categories:
- ${sizeCategory(pictures.length)}
---

# ${name}

${pictures.length} pictures of ${sizes.join(', ')} pixels, made by a generative model. ${originOf(repairs.length, pictures.length)}

## What is here

- \`images/\`: the pictures, PNG.
- \`metadata.jsonl\`: a line for each picture, \`file_name\` first (ImageFolder convention).
- \`manifest.json\`: settings, seeds, checkpoint and dataset hashes, and the SHA-256 of each picture.

## Trained on

${sources}

${repaired}## Made by

${models}

Imago Studio ${version} drew each picture from its own seed: the same checkpoint and seed${repairs.length > 0 ? ', and where there is one the same input and mask,' : ''} give the same picture.

## Before you use it

- Generated pictures can repeat parts of the training pictures; the licences above may reach them.
- They carry the training set's gaps and leanings; judge them before you rely on them.
- Keep them marked as generated when you pass them on.
`;
}

function originOf(repaired: number, all: number): string {
  if (repaired === 0) return 'None of them is a photograph of anything.';
  const which = repaired === all ? 'All of them' : `${repaired} of them`;
  return `${which} were made from pictures that somebody brought, and may show parts of those.`;
}

function inputsOf(repairs: readonly RepairOrigin[]): string {
  return uniqueBy(repairs, ({ inputSha256 }) => inputSha256)
    .map((origin) => {
      const { licence, author, mayTrain } = origin.rights;
      const terms = [licence || 'not recorded', author, mayTrain === 'no' ? 'not to be trained on' : ''];
      return `- “${nameOfOrigin(origin)}”, SHA-256 as the model saw it \`${origin.inputSha256}\`. Licence: ${terms.filter(Boolean).join('. ')}.`;
    })
    .join('\n');
}

function sizeCategory(count: number): string {
  if (count < 1000) return 'n<1K';
  if (count < 10_000) return '1K<n<10K';
  if (count < 100_000) return '10K<n<100K';
  return '100K<n<1M';
}
