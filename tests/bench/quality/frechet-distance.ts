/** What the Fréchet distance compares: mean and covariance of features. */
export interface FeatureMoments {
  readonly mean: Float64Array;
  /** `[size, size]`, row by row. */
  readonly covariance: Float64Array;
}

/** Mean and unbiased covariance of `count` features of `size` numbers each, row by row. */
export function momentsOf(features: ArrayLike<number>, size: number): FeatureMoments {
  const count = features.length / size;
  if (!Number.isInteger(count) || count < 2)
    throw new Error(`${features.length} numbers are no features of ${size}.`);
  const mean = new Float64Array(size);
  for (let index = 0; index < features.length; index++) mean[index % size]! += features[index]! / count;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < size; i++) centred[i] = features[row * size + i]! - mean[i]!;
    for (let i = 0; i < size; i++) {
      const weight = centred[i]! / (count - 1);
      for (let j = 0; j < size; j++) covariance[i * size + j]! += weight * centred[j]!;
    }
  }
  return { mean, covariance };
}

const sweeps = 60;

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
function eigenOf(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let [off, diagonal] = [0, 0];
    for (let i = 0; i < size; i++) {
      diagonal += a[i * size + i]! ** 2;
      for (let j = i + 1; j < size; j++) off += a[i * size + j]! ** 2;
    }
    if (off <= 1e-26 * diagonal) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q]!;
        if (apq === 0) continue;
        const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const [akp, akq] = [a[k * size + p]!, a[k * size + q]!];
          a[k * size + p] = c * akp - s * akq;
          a[k * size + q] = s * akp + c * akq;
        }
        for (let k = 0; k < size; k++) {
          const [apk, aqk] = [a[p * size + k]!, a[q * size + k]!];
          a[p * size + k] = c * apk - s * aqk;
          a[q * size + k] = s * apk + c * aqk;
          const [vkp, vkq] = [vectors[k * size + p]!, vectors[k * size + q]!];
          vectors[k * size + p] = c * vkp - s * vkq;
          vectors[k * size + q] = s * vkp + c * vkq;
        }
      }
    }
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors };
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const weight = a[i * size + k]!;
      for (let j = 0; j < size; j++) result[i * size + j]! += weight * b[k * size + j]!;
    }
  }
  return result;
}

/** The symmetric square root; what rounding made negative counts as zero. */
function squareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = eigenOf(matrix, size);
  const result = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const root = Math.sqrt(Math.max(values[k]!, 0));
    for (let i = 0; i < size; i++) {
      const weight = root * vectors[i * size + k]!;
      for (let j = 0; j < size; j++) result[i * size + j]! += weight * vectors[j * size + k]!;
    }
  }
  return result;
}

/**
 * The squared Fréchet distance of two normal distributions (Dowson and Landau, 1982), as Heusel et al. compare
 * features ("GANs Trained by a Two Time-Scale Update Rule", 2017):
 * `|m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½)`.
 */
export function frechetDistance(a: FeatureMoments, b: FeatureMoments): number {
  const size = a.mean.length;
  const root = squareRoot(a.covariance, size);
  const between = product(product(root, b.covariance, size), root, size);
  // Rounding leaves it a little askew, and the rotations take it to be symmetric.
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (between[i * size + j]! + between[j * size + i]!) / 2;
      between[i * size + j] = between[j * size + i] = mean;
    }
  }
  const { values } = eigenOf(between, size);
  let distance = 0;
  for (let i = 0; i < size; i++) {
    distance += (a.mean[i]! - b.mean[i]!) ** 2;
    distance += a.covariance[i * size + i]! + b.covariance[i * size + i]!;
    distance -= 2 * Math.sqrt(Math.max(values[i]!, 0));
  }
  return Math.max(distance, 0);
}
