/** What the dataset station costs, and how well a review finds what was hidden: the figures of `datasets`. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { parseIdx } from '../../src-main/imaging/idx.ts';
import { connectedSets, groupAroundBest } from '../../src-main/imaging/pure/near-duplicates.ts';
import { resampleArea } from '../../src-main/imaging/pure/resample.ts';
import { cleaningQueries } from '../../src-main/store/cleaning.ts';
import { openDatabase } from '../../src-main/store/database.ts';
import { datasetQueries } from '../../src-main/store/datasets.ts';
import { runEngineJob } from '../../src-main/studio/engine-process.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { randomFrom } from '../helpers/drawn-pictures.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { benchGridScroll } from './grid-scroll.ts';
import { benchImport } from './import.ts';
import { benchPauses } from './pauses.ts';
import { benchPlanted } from './planted.ts';

export interface DatasetFigure {
  what: string;
  found: string;
  aim: string;
}

/** One part of the figures; none where the pictures that it needs are not there, which it then says. */
type Part = () => DatasetFigure[] | Promise<DatasetFigure[]>;

/** By name, so that one of them can be asked for alone: `--only near-duplicates,labels`. */
export const datasetParts: Readonly<Record<string, Part>> = {
  import: benchImport,
  'near-duplicates': benchNearDuplicates,
  grid: benchGrid,
  pauses: benchPauses,
  'grid-scroll': benchGridScroll,
  planted: benchPlanted,
  'skin-tones': benchSkinTones,
  labels: benchLabels,
};

export async function benchDatasets(
  only: readonly string[],
  say: (line: string) => void,
): Promise<DatasetFigure[]> {
  const figures: DatasetFigure[] = [];
  for (const [name, part] of Object.entries(datasetParts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    say(`datasets: ${name}`);
    figures.push(...(await part()));
  }
  return figures;
}

export const datasetsTable = (figures: readonly DatasetFigure[]): string =>
  [
    '| datasets | found | aim |',
    '|---|---|---|',
    ...figures.map(({ what, found, aim }) => `| ${what} | ${found} | ${aim} |`),
  ].join('\n');

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Half of the hashes are random, half lie a few bits from one of those. */
function benchNearDuplicates(): DatasetFigure[] {
  const count = 200_000;
  const distance = 6;
  const words = new Uint32Array(new Uint8Array(randomBytes(count * 8)).buffer);
  const random = randomFrom(1);
  for (let place = count / 2; place < count; place += 1) {
    const near = Math.floor((random() * count) / 2);
    words.set(words.subarray(near * 2, near * 2 + 2), place * 2);
    const flips = Math.floor(random() * 12);
    for (let flip = 0; flip < flips; flip += 1)
      words[place * 2 + (flip & 1)]! ^= 1 << Math.floor(random() * 32);
  }
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  const finish = <Result>(
    work: Generator<number, Result>,
  ): { ms: number; value: Result; longestMs: number; cpuMs: number } => {
    const beganAt = performance.now();
    const cpuBefore = process.cpuUsage();
    let last = beganAt;
    let longestMs = 0;
    for (;;) {
      const step = work.next();
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
      if (step.done === true) {
        const { user, system } = process.cpuUsage(cpuBefore);
        return { ms: now - beganAt, value: step.value, longestMs, cpuMs: (user + system) / 1000 };
      }
    }
  };
  const groups = finish(groupAroundBest(words, order, distance));
  const sets = finish(connectedSets(words, distance));
  const memory = process.memoryUsage().rss;
  return [
    {
      what: `groups around the best of ${count} hashes within ${distance} bits (${groups.value.length} groups)`,
      found: `${seconds(groups.ms)}, ${seconds(groups.cpuMs)} of it on the processor`,
      aim: '≤ 10 s',
    },
    {
      what: 'sets that a split must not part, of the same',
      found: `${seconds(sets.ms)}, ${seconds(sets.cpuMs)} of it on the processor`,
      aim: '≤ 10 s',
    },
    {
      what: 'the longest piece of that work',
      found: `${Math.max(groups.longestMs, sets.longestMs).toFixed(0)} ms`,
      aim: '≤ 50 ms',
    },
    { what: 'memory of the process', found: `${(memory / 1e6).toFixed(0)} MB`, aim: '≤ 1000 MB' },
  ];
}

/** Queries of the grid and the queue over a hundred thousand pictures, the slowest of each kind. */
function benchGrid(): DatasetFigure[] {
  const count = 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-grid-'));
  const database = openDatabase(join(folder, 'studio.db'));
  try {
    database.exec(`
      INSERT INTO project (id, name, created_at) VALUES ('project-1', 'Bench', 1);
      INSERT INTO original (sha256, extension, bytes, created_at) VALUES ('${'a'.repeat(64)}', 'idx', 1, 1);`);
    const columns = database.prepare<
      [],
      { name: string; type: string; notnull: number; dflt_value: string | null }
    >('SELECT name, type, "notnull", dflt_value FROM pragma_table_info(\'dataset\')');
    const known: Readonly<Record<string, string>> = {
      id: "'dataset-1'",
      project_id: "'project-1'",
      name: "'Bench'",
    };
    const needed = columns
      .all()
      .filter(({ name, notnull, dflt_value }) => name in known || (notnull === 1 && dflt_value === null));
    database.exec(
      `INSERT INTO dataset (${needed.map(({ name }) => name).join(', ')})
       VALUES (${needed.map(({ name, type }) => known[name] ?? (type === 'INTEGER' ? '0' : "'{}'")).join(', ')})`,
    );
    const insert = database.prepare(
      `INSERT INTO picture (id, dataset_id, ordinal, name, label, original_sha256, original_index, width_px,
         height_px, exclusion) VALUES (?, 'dataset-1', ?, ?, ?, '${'a'.repeat(64)}', ?, 28, 28, ?)`,
    );
    database.transaction(() => {
      for (let at = 0; at < count; at += 1) {
        const id = `picture-${at.toString(36).padStart(12, '0')}`;
        insert.run(id, at, `folder/picture-${at}.png`, String(at % 10), at, at % 20 === 0 ? 'blurred' : null);
      }
    })();
    const cleaning = cleaningQueries(database);
    for (let first = 0; first < count; first += 500) {
      cleaning.addFindings(
        'dataset-1',
        Array.from({ length: 500 }, (_, at) => {
          const id = `picture-${(first + at).toString(36).padStart(12, '0')}`;
          return {
            ...{ kind: 'blurred' as const, subject: id, pictureId: id, keptId: null, score: 1 },
            ...{ reason: { sharpness: 1 }, action: 'exclude' as const },
          };
        }),
        first,
      );
    }
    const queries = datasetQueries(database);
    const slowest = (work: readonly (() => unknown)[]): string => {
      const times = work.map((each) => {
        const beganAt = performance.now();
        each();
        return performance.now() - beganAt;
      });
      return `${Math.max(...times).toFixed(0)} ms`;
    };
    const offsets = [0, 2000, 40_000, 90_000];
    const selections = ['all', 'kept', 'excluded'] as const;
    return [
      {
        what: 'a page of the grid, any filter and place, of 100 000 pictures',
        found: slowest(
          selections.flatMap((selection) =>
            [null, '3'].flatMap((label) =>
              offsets.map((offset) => () => queries.pictures('dataset-1', offset, 200, label, selection)),
            ),
          ),
        ),
        aim: '≤ 100 ms',
      },
      {
        what: 'a page of the queue, of 100 000 findings',
        found: slowest(
          offsets.map((offset) => () => cleaning.findings('dataset-1', 'blurred', 'open', offset, 100)),
        ),
        aim: '≤ 100 ms',
      },
      {
        what: 'the counts of a review, of the same',
        found: slowest([() => cleaning.findingCounts('dataset-1'), () => cleaning.figures('dataset-1')]),
        aim: '≤ 100 ms',
      },
    ];
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Emoji whose names differ in their skin tone alone (U+1F3FB … U+1F3FF): do they come up together? */
async function benchSkinTones(): Promise<DatasetFigure[]> {
  const source = sharedData('noto-emoji-72');
  if (source === null) return [];
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-tones-'));
  const studio = await openStudio({
    ...{ workspace: join(folder, 'workspace'), create: true, version: '0.0.0-bench', queue: 'own' },
    host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
  });
  try {
    const project = studio.projects.create('Emoji');
    const started = await studio.datasets.import(project.id, 'Emoji', { kind: 'path', path: source });
    await started.finished;
    const beganAt = performance.now();
    await studio.cleaning.start(started.datasetId, false).finished;
    const measuredMs = performance.now() - beganAt;
    const { items } = studio.cleaning.findings(started.datasetId, 'near-duplicate', 'open', 0, 10_000);
    const plain = (name: string) => name.replaceAll(/_1f3f[b-f]/g, '');
    const names = readdirSync(source).filter((name) => plain(name) !== name);
    const grouped = new Set(
      items.flatMap(({ name, kept }) => (kept && plain(kept.name) === plain(name) ? [name, kept.name] : [])),
    );
    const found = names.filter((name) => grouped.has(name)).length;
    const share = ((100 * found) / names.length).toFixed(0);
    return [
      {
        what: `skin-tone variants of the emoji set in a group with another of the same emoji (${names.length})`,
        found: `${found}, ${share} %`,
        aim: 'they come up',
      },
      { what: 'measuring and grouping 3 845 emoji', found: seconds(measuredMs), aim: '' },
    ];
  } finally {
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** MNIST's test set with 2 % of its labels turned into others: how many of these come first in the label review? */
async function benchLabels(): Promise<DatasetFigure[]> {
  const source = sharedData('mnist-10k');
  if (source === null) return [];
  const read = async (part: string) => {
    const name = readdirSync(source).find((each) => each.includes(part))!;
    return parseIdx(readFileSync(join(source, name)), name);
  };
  const images = await read('images');
  const labels = await read('labels');
  const [count, classes, sizePx] = [images.dimensions[0]!, 10, 32];
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-labels-'));
  try {
    const pixels = new Uint8Array(count * sizePx * sizePx);
    for (let at = 0; at < count; at += 1) {
      const image = {
        pixels: images.data.subarray(at * 784, (at + 1) * 784),
        widthPx: 28,
        heightPx: 28,
        channels: 1 as const,
      };
      const whole = { left: 0, top: 0, widthPx: 28, heightPx: 28 };
      const form = { widthPx: sizePx, heightPx: sizePx, channels: 1, background: '#ffffff' } as const;
      pixels.set(resampleArea(image, whole, form), at * sizePx * sizePx);
    }
    const given = Int32Array.from(labels.data);
    const flipped = flipLabels(given, classes, 0.02);
    writeFileSync(join(folder, 'images.u8'), pixels);
    writeFileSync(join(folder, 'labels.i32'), new Uint8Array(given.buffer));
    const beganAt = performance.now();
    await runEngineJob(
      {
        ...{ job: 'study', protocol: engineProtocol, backend: { id: 'wasm', threads: 2 }, folder },
        ...{ images: count, sizePx, channels: 1, seed: 1, embedding: false, classes },
      },
      () => undefined,
      new AbortController().signal,
    );
    const ms = performance.now() - beganAt;
    const bytes = new Uint8Array(readFileSync(join(folder, 'probabilities.f32')));
    const probabilities = new Float32Array(bytes.buffer);
    const first = mostDoubtful(probabilities, given, classes).slice(0, Math.round(0.05 * count));
    const found = first.filter((place) => flipped.has(place)).length;
    return [
      {
        what: `flipped labels (${flipped.size} of ${count} digits) within the first 5 % of the label review`,
        found: `${((100 * found) / flipped.size).toFixed(1)} %, in ${seconds(ms)}`,
        aim: '≥ 80 %',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives a share of the pictures another label; returns which. */
export function flipLabels(labels: Int32Array, classes: number, share: number): Set<number> {
  const random = randomFrom(7);
  const flipped = new Set<number>();
  while (flipped.size < share * labels.length) {
    const place = Math.floor(random() * labels.length);
    if (flipped.has(place)) continue;
    flipped.add(place);
    labels[place] = (labels[place]! + 1 + Math.floor(random() * (classes - 1))) % classes;
  }
  return flipped;
}

/** Places of all pictures, the one whose label is least believed first. */
export function mostDoubtful(probabilities: Float32Array, labels: Int32Array, classes: number): number[] {
  const margin = (place: number) => {
    const row = probabilities.subarray(place * classes, (place + 1) * classes);
    const other = row.reduce(
      (most, value, number) => (number === labels[place] ? most : Math.max(most, value)),
      0,
    );
    return row[labels[place]!]! - other;
  };
  const margins = Float32Array.from(labels, (_, place) => margin(place));
  return Array.from(labels, (_, place) => place).sort((a, b) => margins[a]! - margins[b]!);
}
