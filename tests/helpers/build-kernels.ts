import { buildIfStale } from '../../src-main/cli/build.ts';

/** Engine tests and flows need the kernels; building them is a matter of seconds, and once. */
export default async function setup(): Promise<void> {
  await buildIfStale(['kernels']);
}
