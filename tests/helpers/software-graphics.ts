import { existsSync, readdirSync } from 'node:fs';
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
  return throughDriver(driver);
}

/** With the system's loader, or chromium's own where there is none. */
function throughDriver(driver: string): Record<string, string> {
  const already = process.env['LD_LIBRARY_PATH'];
  return {
    VK_ICD_FILENAMES: driver,
    LD_LIBRARY_PATH: already === undefined ? folder : `${folder}${delimiter}${already}`,
  };
}

/** How a machine without a graphics card comes by one with 16-bit arithmetic; SwiftShader has none. */
export const howToHalfPrecision =
  'Mixed precision is not tried on a device: it takes lavapipe of Mesa 25 or newer (Debian 12: mesa-vulkan-drivers of bookworm-backports), installed or named by IMAGO_F16_ICD, the path of its lvp_icd JSON file.';

/**
 * The variables that give a process Mesa's lavapipe for a graphics device, which has 16-bit arithmetic from Mesa 25 on;
 * null where none is found. An older one is found too, and refused by Dawn when it is used.
 */
export function halfPrecisionGraphics(): Record<string, string> | null {
  const drivers = '/usr/share/vulkan/icd.d';
  const installed = existsSync(drivers)
    ? readdirSync(drivers).find((name) => name.startsWith('lvp_icd') && name.endsWith('.json'))
    : undefined;
  const driver = process.env['IMAGO_F16_ICD'] ?? (installed && join(drivers, installed));
  return driver === undefined || !existsSync(driver) ? null : throughDriver(driver);
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
