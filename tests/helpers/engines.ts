import { readdirSync, readFileSync } from 'node:fs';

/**
 * Process ids of the engines that a studio started, found in `/proc`; Linux only.
 *
 * @param studioPid the process that supervises them
 */
export function enginesOf(studioPid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return parent === studioPid && command.includes('src-main/engine/main.ts');
      } catch {
        return false; // It ended while being looked at.
      }
    })
    .map(Number);
}
