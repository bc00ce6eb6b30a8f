import type { Page } from 'playwright-core';
import { collectComplaints, launchBrowser, type Complaints, type PageOptions } from './browser.ts';
import { desktopMissing, launchDesktop } from './desktop.ts';
import { startStudioProcess, type StudioProcess } from './studio-process.ts';

/** A studio that a journey walks through, whichever face it wears. */
export interface Face {
  readonly kind: 'browser' | 'desktop';
  readonly page: Page;
  readonly complaints: Complaints;
  /** The process behind the browser; null in the desktop, where it is the window's own. */
  readonly studio: StudioProcess | null;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which face the journeys are to walk through: `npm run test:desktop` sets it. */
export const wantedFace: 'browser' | 'desktop' =
  process.env['IMAGO_TEST_FACE'] === 'desktop' ? 'desktop' : 'browser';

/** Why the wanted face cannot be opened on this machine, or null. */
export const faceMissing = (): string | null => (wantedFace === 'desktop' ? desktopMissing() : null);

/** Opens the wanted face on a workspace, at its first screen. */
export async function openFace(workspace: string, options: PageOptions = {}): Promise<Face> {
  if (wantedFace === 'desktop') {
    const desktop = await launchDesktop(workspace);
    const complaints = collectComplaints(desktop.page);
    await desktop.page.getByRole('main').waitFor();
    return {
      kind: 'desktop',
      page: desktop.page,
      complaints,
      studio: null,
      [Symbol.asyncDispose]: () => desktop[Symbol.asyncDispose](),
    };
  }
  const studio = await startStudioProcess(workspace);
  try {
    const browser = await launchBrowser();
    const { page, complaints } = await browser.newPage(options);
    await page.goto(studio.address());
    await page.getByRole('main').waitFor();
    return {
      kind: 'browser',
      page,
      complaints,
      studio,
      async [Symbol.asyncDispose]() {
        await browser[Symbol.asyncDispose]();
        await studio[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await studio[Symbol.asyncDispose]();
    throw error;
  }
}
