import type { CleaningThresholds, ColourMode } from '../contract/domain/cleaning.ts';
import type { Failure } from '../contract/errors.ts';
import type { LookAlikes } from '../imaging/pure/near-duplicates.ts';
import { connectedSets, groupAroundBest, hashWords } from '../imaging/pure/near-duplicates.ts';
import type { NewFinding } from '../store/findings.ts';
import type { LabelReview } from '../store/learnt.ts';
import type { MeasuredPicture } from '../store/measures.ts';
import { openBreath, unhurried } from './pace.ts';

/** Everything that findings are made of. */
export interface Evidence {
  /** Measured pictures, in the dataset's order. */
  pictures: readonly MeasuredPicture[];
  unreadable: readonly { name: string; failure: Failure }[];
  /** By picture; empty before an embedding was learnt. */
  remoteness: ReadonlyMap<string, number>;
  /** By picture; empty before labels were reviewed. */
  labelReviews: ReadonlyMap<string, LabelReview>;
  thresholds: CleaningThresholds;
}

export interface Findings {
  /** Of each kind in the order in which they are to be looked at. */
  findings: NewFinding[];
  /** Ids of pictures that look alike, in sets that a split must not part. */
  alike: string[][];
}

/** Too few to say what is usual among them. */
const fewestForColours = 20;
/** In smaller pictures the finest strokes cannot be told from noise. */
const smallestForNoisePx = 48;
/** Beyond it, sets of neighbours of neighbours grow through the whole dataset. */
const largestSetDistance = 8;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Figures are kept as they are shown. */
const finding = (
  kind: NewFinding['kind'],
  picture: MeasuredPicture,
  score: number,
  reason: NewFinding['reason'],
  action: NewFinding['action'] = 'exclude',
): NewFinding => ({
  kind,
  subject: picture.pictureId,
  pictureId: picture.pictureId,
  keptId: null,
  score,
  reason,
  action,
});

/**
 * What a review finds. Pictures that are kept out already take no part, and a blank picture is not also
 * blurred, dark or unlike the others.
 *
 * @throws the signal's reason when it aborts
 */
export async function findAll(evidence: Evidence, signal: AbortSignal): Promise<Findings> {
  const { pictures, thresholds } = evidence;
  const active = pictures.filter(({ exclusion }) => exclusion === null);
  const copies = exactDuplicates(active);
  const isCopy = new Set(copies.map(({ subject }) => subject));
  const single = active.filter(({ pictureId }) => !isCopy.has(pictureId));
  const near = await nearDuplicates(single, thresholds.nearDistance, signal);
  const breath = openBreath();
  const found: NewFinding[] = [
    ...evidence.unreadable.map(({ name, failure }) => unreadable(name, failure)),
    ...copies,
    ...near,
  ];
  const byKind = new Map<string, NewFinding[]>();
  for (const picture of active) {
    for (const each of ofPicture(picture, evidence)) {
      const list = byKind.get(each.kind);
      if (list) list.push(each);
      else byKind.set(each.kind, [each]);
    }
    await breath();
  }
  signal.throwIfAborted();
  for (const list of byKind.values()) found.push(...list.sort((a, b) => b.score - a.score));
  found.push(...oddColours(active, thresholds.oddColourShare));
  const labels = new Map(active.map(({ pictureId, label }) => [pictureId, label]));
  const sameLabel = copies.filter(({ subject, keptId }) => labels.get(subject) === labels.get(keptId!));
  const explained = new Set([...sameLabel, ...(byKind.get('blank') ?? [])].map(({ subject }) => subject));
  found.push(...labelErrors(active, explained, evidence));
  found.push(...classBalance(active, thresholds.classRatio));
  return { findings: found, alike: await alikeSets(pictures, thresholds.nearDistance, signal) };
}

const unreadable = (name: string, failure: Failure): NewFinding => ({
  kind: 'unreadable',
  subject: name,
  pictureId: null,
  keptId: null,
  score: 1,
  // Kept as text: a reason is made of figures and words.
  reason: { failure: JSON.stringify(failure) },
  action: 'acknowledge',
});

function exactDuplicates(active: readonly MeasuredPicture[]): NewFinding[] {
  const first = new Map<string, MeasuredPicture>();
  const found: NewFinding[] = [];
  for (const picture of active) {
    const kept = first.get(picture.contentSha256);
    if (!kept) first.set(picture.contentSha256, picture);
    else {
      found.push({
        ...finding('exact-duplicate', picture, 1, { kept: kept.name }),
        keptId: kept.pictureId,
      });
    }
  }
  const placeOf = new Map(active.map(({ pictureId }, place) => [pictureId, place]));
  return found.sort((a, b) => placeOf.get(a.keptId!)! - placeOf.get(b.keptId!)!);
}

async function nearDuplicates(
  single: readonly MeasuredPicture[],
  distance: number,
  signal: AbortSignal,
): Promise<NewFinding[]> {
  const hashed = single.filter((picture) => picture.perceptualHash !== null);
  const better = (one: number, other: number): number => {
    const [a, b] = [hashed[one]!, hashed[other]!];
    const areas = b.widthPx * b.heightPx - a.widthPx * a.heightPx;
    return areas || b.sharpness - a.sharpness || one - other;
  };
  const order = Uint32Array.from(hashed, (_, place) => place).sort(better);
  const words = hashWords(hashed.map(({ perceptualHash }) => perceptualHash!));
  const groups: LookAlikes[] = await unhurried(groupAroundBest(words, order, distance), signal);
  return groups
    .sort((a, b) => a.kept - b.kept)
    .flatMap(({ kept, members }) =>
      members.map((member): NewFinding => {
        const picture = hashed[member.place]!;
        const best = hashed[kept]!;
        const reason = { kept: best.name, bits: member.distance };
        return { ...finding('near-duplicate', picture, -member.distance, reason), keptId: best.pictureId };
      }),
    );
}

/** What one picture's own figures say. */
function ofPicture(picture: MeasuredPicture, { thresholds, remoteness }: Evidence): NewFinding[] {
  const found: NewFinding[] = [];
  const { widthPx, heightPx, deviation, sharpness, brightest, darkest, noise } = picture;
  const isBlank = deviation < thresholds.blankDeviation;
  if (isBlank) found.push(finding('blank', picture, -deviation, { deviation: rounded(deviation, 1) }));
  const shorterPx = Math.min(widthPx, heightPx);
  const ratio = Math.max(widthPx, heightPx) / shorterPx;
  if (shorterPx < thresholds.smallestSidePx) {
    found.push(finding('too-small', picture, -shorterPx, { width: widthPx, height: heightPx }));
  }
  if (ratio > thresholds.aspectRatio) {
    const reason = { width: widthPx, height: heightPx, ratio: rounded(ratio, 1) };
    found.push(finding('extreme-shape', picture, ratio, reason));
  }
  if (isBlank) return found;
  const remote = remoteness.get(picture.pictureId);
  if (remote !== undefined && remote > thresholds.outlierFactor) {
    found.push(finding('outlier', picture, remote, { factor: rounded(remote, 1) }));
  }
  if (sharpness < thresholds.blurSharpness) {
    found.push(finding('blurred', picture, -sharpness, { sharpness: rounded(sharpness, 0) }));
  }
  if (brightest < thresholds.darkBrightest) {
    const reason = { percent: rounded(brightest * 100, 0) };
    found.push(finding('under-exposed', picture, -brightest, reason));
  }
  if (darkest > thresholds.brightDarkest) {
    found.push(finding('over-exposed', picture, darkest, { percent: rounded(darkest * 100, 0) }));
  }
  if (noise > thresholds.noiseDeviation && shorterPx >= smallestForNoisePx) {
    found.push(finding('noisy', picture, noise, { noise: rounded(noise, 1) }, 'denoise'));
  }
  return found;
}

function oddColours(active: readonly MeasuredPicture[], share: number): NewFinding[] {
  if (active.length < fewestForColours) return [];
  const counts = new Map<ColourMode, number>();
  for (const { colourMode } of active) counts.set(colourMode, (counts.get(colourMode) ?? 0) + 1);
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0]![0];
  return active
    .filter(({ colourMode }) => colourMode !== usual && counts.get(colourMode)! < share * active.length)
    .map((picture) => finding('odd-colours', picture, 1, { mode: picture.colourMode, usual }));
}

/**
 * Pictures for which another label is more probable by a margin, and at least as probable as that label usually is for the
 * pictures that bear it: the per-class thresholds of confident learning (Northcutt, Jiang and Chuang, 2021).
 *
 * @param explained pictures whose content says nothing of their label that is not said elsewhere: blank ones, and copies
 *   that bear the label of the one that is kept
 */
function labelErrors(
  active: readonly MeasuredPicture[],
  explained: ReadonlySet<string>,
  { labelReviews, thresholds }: Evidence,
): NewFinding[] {
  const usual = new Map<string, { sum: number; count: number }>();
  for (const { pictureId, given, givenProbability } of labelReviews.values()) {
    if (explained.has(pictureId)) continue;
    const own = usual.get(given) ?? { sum: 0, count: 0 };
    usual.set(given, { sum: own.sum + givenProbability, count: own.count + 1 });
  }
  const found = active.flatMap((picture): NewFinding[] => {
    const review = labelReviews.get(picture.pictureId);
    if (
      !review ||
      explained.has(picture.pictureId) ||
      review.given !== picture.label ||
      review.suggested === review.given
    )
      return [];
    const { given, givenProbability, suggested, suggestedProbability } = review;
    const margin = suggestedProbability - givenProbability;
    const self = usual.get(suggested);
    const isConfident = self !== undefined && suggestedProbability >= self.sum / self.count;
    if (margin < thresholds.labelMargin || !isConfident) return [];
    const reason = {
      given,
      givenPercent: rounded(givenProbability * 100, 0),
      suggested,
      suggestedPercent: rounded(suggestedProbability * 100, 0),
    };
    return [finding('label-error', picture, margin, reason, 'relabel')];
  });
  return found.sort((a, b) => b.score - a.score);
}

function classBalance(active: readonly MeasuredPicture[], ratio: number): NewFinding[] {
  const counts = new Map<string, number>();
  for (const { label } of active) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (counts.size < 2) return [];
  const sorted = [...counts.values()].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1]!;
  return [...counts]
    .map(([name, pictures]) => ({ name, pictures, factor: Math.max(middle / pictures, pictures / middle) }))
    .filter(({ factor }) => factor > ratio)
    .sort((a, b) => b.factor - a.factor)
    .map(({ name, pictures, factor }) => ({
      kind: 'class-balance',
      subject: name,
      pictureId: null,
      keptId: null,
      score: factor,
      reason: { pictures, usual: middle },
      action: 'acknowledge',
    }));
}

async function alikeSets(
  pictures: readonly MeasuredPicture[],
  distance: number,
  signal: AbortSignal,
): Promise<string[][]> {
  const hashed = pictures.filter((picture) => picture.perceptualHash !== null);
  const words = hashWords(hashed.map(({ perceptualHash }) => perceptualHash!));
  const sets = await unhurried(connectedSets(words, Math.min(distance, largestSetDistance)), signal);
  return sets.map((set) => set.map((place) => hashed[place]!.pictureId));
}
