import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where Debian's chromium keeps its Vulkan loader and SwiftShader, a graphics device made of the processor. */
const folder = '/usr/lib/chromium';

/**
 * The variables that give a process SwiftShader for a graphics device; null where it is not installed. Only for
 * processes started with them: the loader's path is read when a process begins.
 */
export function softwareGraphics(): Record<string, string> | null {
  const driver = join(folder, 'vk_swiftshader_icd.json');
  if (!existsSync(driver) || !existsSync(join(folder, 'libvulkan.so.1'))) return null;
  const already = process.env['LD_LIBRARY_PATH'];
  return {
    VK_ICD_FILENAMES: driver,
    LD_LIBRARY_PATH: already === undefined ? folder : `${folder}${delimiter}${already}`,
  };
}

/** Sets variables for the engines that a test starts, until it has finished; undefined removes one. */
export function setEnvironment(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    const set = (to: string | undefined) => {
      if (to === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = to;
    };
    set(value);
    onTestFinished(() => set(before));
  }
}

/** No graphics device at all, wherever the test runs. */
export const noGraphics = { VK_ICD_FILENAMES: '/nonexistent/driver.json', VK_DRIVER_FILES: undefined };
