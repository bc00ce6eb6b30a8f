/**
 * What a training step costs, beside PyTorch's on the same machine in the same run.
 *
 *   npm run bench                 everything
 *   npm run bench -- steps        only the steps; likewise `scaling`, `health`, `datasets`
 *
 *   --only mlp-gan-28,vae-28      only these nets      --rounds 9        turns for each net
 *   --threads 2                   for both sides       --round-ms 700    length of a turn
 *   --flat-steps 20000            for the memory       --no-peer         ours alone
 *   --json FILE                   the figures as JSON too
 *
 * The datasets by part: `--only import,near-duplicates,grid,pauses,grid-scroll,planted,skin-tones,
 *   labels`.
 *
 * The quality of what is drawn takes hours and has to be asked for: `npm run bench -- quality`, with
 *   --mnist FOLDER                the 10 000 test digits as IDX files
 *   --only dcgan-28,vae-28        only these presets   --minutes 10      for each
 *   --images 2000                 drawn of each        --sheets FOLDER   sample sheets go there
 *
 * So have sheets of larger pictures: `npm run bench -- sheets --sheets FOLDER`, with
 *   --pictures FOLDER             the emoji set
 *   --only ddpm-64-rgb            presets of any size  --minutes 10      for each
 *
 * So has the repair of holes in pictures that were held out: `npm run bench -- repair`, with
 *   --pictures FOLDER             the emoji set
 *   --only pix2pix-32-rgb,denoiser-32-rgb              of one size and colour; --minutes and --sheets as above
 *
 * It ends with its tables in Markdown, which `RESULTS.md` keeps by hand. The exit code is 0 also where a
 * target is missed: the machine may be busy, and a figure is no test.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs, styleText } from 'node:util';
import { drawsFromInputs, presets } from '../../src-main/contract/presets.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { benchDatasets, datasetsTable } from './datasets.ts';
import { benchHealth, healthTable, scalingTable, type Figure } from './engine-health.ts';
import { findPeer } from './peer-setting.ts';
import type { QualityOptions } from './quality/quality.ts';
import { benchQuality } from './quality/quality.ts';
import { qualityTable, type QualityReport } from './quality/quality-table.ts';
import { benchRepair, repairTable, type RepairReport } from './quality/repair.ts';
import { benchSheets } from './quality/sheets.ts';
import { benchSteps, stepsTable, type StepsResult } from './steps.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
    'round-ms': { type: 'string', default: '700' },
    'flat-steps': { type: 'string', default: '20000' },
    json: { type: 'string' },
    mnist: { type: 'string', default: '../shared/data/mnist-10k' },
    pictures: { type: 'string', default: '../shared/data/noto-emoji-72' },
    minutes: { type: 'string', default: '10' },
    images: { type: 'string', default: '2000' },
    sheets: { type: 'string' },
    peer: { type: 'boolean', default: true },
  },
});
/** These take hours. */
const askedFor = ['quality', 'sheets', 'repair'];
const sections = ['steps', 'scaling', 'health', 'datasets', ...askedFor];
const unknown = positionals.find((name) => !sections.includes(name));
if (unknown !== undefined) {
  console.error(`There is no section “${unknown}”. Sections: ${sections.join(', ')}.`);
  process.exit(2);
}
const wants = (section: string) =>
  (positionals.length === 0 && !askedFor.includes(section)) || positionals.includes(section);
const threads = Number(values.threads);
const rounds = Number(values.rounds);
/** One preset of each family that can learn digits. */
const qualityPresets = presets
  .filter(({ sizePx, channels, family }) => sizePx === 28 && channels === 1 && !drawsFromInputs(family))
  .map(({ id }) => id);
const red = (text: string) => styleText('red', text);

// Before the hours, not after them.
if (values.sheets !== undefined) mkdirSync(values.sheets, { recursive: true });
await buildKernels();
const results: {
  steps: StepsResult[];
  health: Figure[];
  scaling: string | null;
  datasets: DatasetFigure[];
  quality: QualityReport | null;
  repair: RepairReport | null;
} = { steps: [], health: [], scaling: null, datasets: [], quality: null, repair: null };
if (wants('steps')) {
  const peer = values.peer ? await findPeer() : null;
  if (values.peer && !peer) console.log('PyTorch is not installed here: ours alone is timed.');
  if (peer?.core) console.log(`PyTorch multiplies fastest here with OPENBLAS_CORETYPE=${peer.core}.`);
  const only = values.only === '' ? [] : values.only.split(',');
  const roundMs = Number(values['round-ms']);
  results.steps = await benchSteps({ only, rounds, threads, peer, roundMs }, (line) => console.log(line));
}
if (wants('health')) {
  const healthRounds = Math.min(5, rounds);
  results.health = await benchHealth({
    threads,
    rounds: healthRounds,
    flatSteps: Number(values['flat-steps']),
  });
}
if (wants('quality')) {
  const options: QualityOptions = {
    mnist: values.mnist,
    presets: values.only === '' ? qualityPresets : values.only.split(','),
    minutes: Number(values.minutes),
    images: Number(values.images),
    threads,
    peer: values.peer ? await findPeer() : null,
    sheets: values.sheets ?? null,
  };
  results.quality = await benchQuality(options, (line) => console.log(line));
}
if (wants('sheets')) {
  if (values.sheets === undefined) {
    console.error('Say where the sheets go: --sheets FOLDER.');
    process.exit(2);
  }
  await benchSheets(
    {
      pictures: values.pictures,
      presets: values.only === '' ? ['resnet-gan-64-rgb', 'ddpm-64-rgb'] : values.only.split(','),
      minutes: Number(values.minutes),
      threads,
      sheets: values.sheets,
    },
    (line) => console.log(line),
  );
}
if (wants('repair')) {
  results.repair = await benchRepair({
    pictures: values.pictures,
    presets: values.only === '' ? ['pix2pix-32-rgb', 'denoiser-32-rgb'] : values.only.split(','),
    minutes: Number(values.minutes),
    threads,
    sheets: values.sheets ?? null,
  });
}
if (wants('datasets')) {
  const only = values.only === '' ? [] : values.only.split(',');
  results.datasets = await benchDatasets(only, (line) => console.log(line));
}
if (wants('scaling')) results.scaling = await scalingTable(threads, Math.min(5, rounds));

const machine = `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`;
const load = loadavg().map((value) => value.toFixed(1));
console.log(
  `\n${new Date().toISOString().slice(0, 10)} · ${machine} · ${threads} threads · load ${load.join(' ')}`,
);
if (results.steps.length > 0) console.log(`\n${stepsTable(results.steps, red)}`);
if (results.datasets.length > 0) console.log(`\n${datasetsTable(results.datasets)}`);
if (results.health.length > 0) console.log(`\n${healthTable(results.health, red)}`);
if (results.scaling !== null) console.log(`\n${results.scaling}`);
if (results.quality !== null) console.log(`\n${qualityTable(results.quality)}`);
if (results.repair !== null) console.log(`\n${repairTable(results.repair)}`);
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify({ machine, threads, load: loadavg(), ...results }, null, 2));
}
