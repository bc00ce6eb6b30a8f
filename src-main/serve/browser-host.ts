import { once } from 'node:events';
import open from 'open';
import { createRouter } from '../router/router.ts';
import { openStudio, type Host } from '../studio/studio.ts';
import { startServer } from './server.ts';

/** A browser has no native dialogs; it uploads instead. */
const browserHost: Host = {
  abilities: { face: 'browser', nativeDialogs: false, showInFolder: false, upload: true },
};

export interface BrowserHostOptions {
  workspace: string;
  version: string;
  port?: number | undefined;
  host?: string | undefined;
  /** Whether to open the default browser, where there is one. */
  open: boolean;
  /** Says a line to the user. */
  say: (line: string) => void;
}

/**
 * Opens the studio and serves it until SIGINT or SIGTERM; then saves the run that is training, ends what it
 * started, and resolves. A second signal does not wait for the save.
 *
 * @throws StudioError as `openStudio` and `startServer` do
 */
export async function runBrowserHost(options: BrowserHostOptions): Promise<void> {
  const { workspace, version, port, host, say } = options;
  const studio = await openStudio({ workspace, create: true, version, host: browserHost, queue: 'all' });
  const ended = new AbortController();
  try {
    const server = await startServer({
      studio,
      router: createRouter(studio),
      workspace,
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
      onAddressUsed: (next) => say(`Opened. For another browser: ${next}`),
    });
    say(`Imago Studio is at ${server.address}`);
    say('The address works once. Ctrl-C saves what is training and ends the studio.');
    if (options.open) {
      // A machine without a browser is no failure: the address stands in the terminal.
      const opened = await open(server.address).catch(() => null);
      opened?.on('error', () => {});
    }
    await Promise.race(
      ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal, { signal: ended.signal })),
    );
    process.once('SIGINT', () => process.exit(130));
    say('Saving and closing …');
    await server.close();
  } finally {
    ended.abort();
    await studio.close();
  }
}
