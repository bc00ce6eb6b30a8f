import { UMAP } from 'umap-js';
import { words } from '../random.ts';
import type { Points } from './nearness.ts';
import { nearestReferences, referencePlaces } from './nearness.ts';
import { breathe } from './training.ts';

/** More pictures than this are laid out between these, which would take hours otherwise. */
const mostLaidOut = 6000;
const neighbours = 15;
/** A picture that is not laid out itself lies between so many that are. */
const between = 4;
const epochs = 200;

/**
 * Lays points out on a plane so that neighbours stay neighbours: UMAP (McInnes, Healy and Melville, "UMAP: Uniform
 * Manifold Approximation and Projection for Dimension Reduction", 2018).
 *
 * @param tell hears how much of the work is done, 0…1
 * @returns `[point, 2]`; the same points and seed give the same
 */
export async function planeMap(
  points: Points,
  seed: number,
  tell: (share: number) => void,
): Promise<Float32Array> {
  const { values, count, size } = points;
  const plane = new Float32Array(count * 2);
  if (count < 4) return plane.map((_, at) => (at % 2 === 0 ? at / 2 : 0));
  const chosen = referencePlaces(count, seed, mostLaidOut);
  const wanted = Math.min(neighbours, chosen.length - 1);
  // Its own search for neighbours is slower than matrix products, and the references here are the very points.
  const near = await nearestReferences(points, chosen, wanted);
  tell(0.2);
  const numberOf = new Map(Array.from(chosen, (place, number) => [place, number] as const));
  const own = (place: number) => Array.from({ length: wanted }, (_, rank) => place * wanted + rank);
  const umap = new UMAP({ nNeighbors: wanted + 1, nEpochs: epochs, minDist: 0.1, random: randomFrom(seed) });
  umap.setPrecomputedKNN(
    Array.from(chosen, (place, number) => [
      number,
      ...own(place).map((at) => numberOf.get(near.places[at]!)!),
    ]),
    Array.from(chosen, (place) => [0, ...own(place).map((at) => near.distances[at]!)]),
  );
  umap.initializeFit(
    Array.from(chosen, (place) => Array.from(values.subarray(place * size, (place + 1) * size))),
  );
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    umap.step();
    tell(0.2 + (0.8 * (epoch + 1)) / epochs);
    if (epoch % 5 === 0) await breathe();
  }
  const laidOut = umap.getEmbedding();
  chosen.forEach((place, number) => plane.set(laidOut[number]!, place * 2));
  for (let place = 0; place < count; place += 1) {
    if (numberOf.has(place)) continue;
    let [x, y, sum] = [0, 0, 0];
    for (const at of own(place).slice(0, between)) {
      const weight = 1 / (near.distances[at]! + 1e-6);
      const neighbour = near.places[at]!;
      x += weight * plane[neighbour * 2]!;
      y += weight * plane[neighbour * 2 + 1]!;
      sum += weight;
    }
    plane.set([x / sum, y / sum], place * 2);
  }
  return plane;
}

/** One number in [0, 1) after the other. */
function randomFrom(seed: number): () => number {
  const atOnce = 4096;
  let block = 0;
  let at = atOnce;
  let numbers: Uint32Array = new Uint32Array();
  return () => {
    if (at === atOnce) {
      numbers = words(seed, 'study-map', block, atOnce);
      block += 1;
      at = 0;
    }
    at += 1;
    return numbers[at - 1]! / 2 ** 32;
  };
}
