/** Where PyTorch is, and the environment in which it is fastest on a processor. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Families of kernels that OpenBLAS can be told to use; the first leaves the choice to it. */
const cores = [null, 'Haswell', 'SkylakeX', 'Zen'] as const;

export interface PeerSetting {
  readonly python: string;
  /** The family of kernels that multiplied fastest; null where OpenBLAS's own choice did. */
  readonly core: (typeof cores)[number];
}

/** What a Python prints; null where it fails. */
function printed(
  python: string,
  words: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(python, words, { stdio: ['ignore', 'pipe', 'ignore'], env: environment });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? output.trim() : null));
  });
}

/** The environment for PyTorch on a processor: one pool of threads, and the kernels found to be fastest. */
export function peerEnvironment({ core }: PeerSetting, threads: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ...(core === null ? {} : { OPENBLAS_CORETYPE: core }),
  };
}

/**
 * A Python that has PyTorch, `IMAGO_BENCH_PYTHON` or the first of the usual ones, at its best setting; null without any.
 */
export async function findPeer(): Promise<PeerSetting | null> {
  const chosen = process.env['IMAGO_BENCH_PYTHON'];
  for (const python of chosen ? [chosen] : ['python3', '/usr/bin/python3']) {
    if ((await printed(python, ['-c', 'import torch'], process.env)) === null) continue;
    const script = fileURLToPath(new URL('peers/products.py', import.meta.url));
    let best: { core: PeerSetting['core']; seconds: number } = { core: null, seconds: Infinity };
    for (const core of cores) {
      const seconds = await printed(python, [script], peerEnvironment({ python, core }, 1));
      // Its own choice is kept unless another is clearly faster.
      if (seconds !== null && Number(seconds) < 0.9 * best.seconds) best = { core, seconds: Number(seconds) };
    }
    return { python, core: best.core };
  }
  return null;
}
