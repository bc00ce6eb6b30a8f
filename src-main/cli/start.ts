import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StudioError } from '../contract/errors.ts';
import { runBrowserHost } from '../serve/browser-host.ts';
import { defaultWorkspace } from '../workspace/default-workspace.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';
import { productVersion } from '../workspace/product.ts';
import { BuildError, buildIfStale } from './build.ts';
import { missingForWindow, obtainRuntime, reconsiderLater } from './desktop-runtime.ts';

const help = `Opens Imago Studio: in a window of its own where that is possible, else in the browser.

  npm start -- [options]

  --browser          in the browser, whatever is possible
  --workspace DIR    the folder that holds everything (default: ${defaultWorkspace()})
  --port P           port for the browser (default: any free one)
  --no-open          print the address and do not open a browser
  --help             this text`;

/** A window that ends sooner than this, and with an error, never opened. */
const stillbornMs = 10_000;

const say = (line: string) => console.log(line);

function readArguments() {
  const { values } = parseArgs({
    options: {
      browser: { type: 'boolean', default: false },
      workspace: { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new TypeError(`--port takes a whole number from 0 to 65535, not “${values.port}”.`);
  }
  return {
    browser: values.browser,
    open: !values['no-open'],
    help: values.help,
    port,
    workspace: resolve(values.workspace ?? defaultWorkspace()),
  };
}

/** Ends a child with this process: a signal is passed on once, and a second one no longer waits. */
function endWithUs(child: ChildProcess): void {
  let asked = false;
  const passOn = () => {
    child.kill(asked ? 'SIGKILL' : 'SIGTERM');
    asked = true;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, passOn);
  child.once('close', () => {
    for (const signal of signals) process.off(signal, passOn);
  });
}

/** Runs the window until it is closed; says why if it never opened. */
async function runWindow(binary: string, workspace: string): Promise<string | null> {
  const startedAt = Date.now();
  const child = spawn(binary, [projectFolder, '--workspace', workspace], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  endWithUs(child);
  const end = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((settle) => {
    child.on('error', () => settle({ code: 1, signal: null }));
    child.on('close', (code, signal) => settle({ code, signal }));
  });
  if (end.code === 0 || Date.now() - startedAt > stillbornMs) {
    process.exitCode = end.code ?? 1;
    return null;
  }
  return `the window could not be opened (${end.signal ?? `code ${end.code}`})`;
}

type Face = { window: string } | { browserBecause: string };

/** Decides between window and browser; only a fetch of the runtime that makes progress takes longer than seconds. */
async function chooseFace(forceBrowser: boolean): Promise<Face> {
  if (forceBrowser) return { browserBecause: 'as asked' };
  const missing = missingForWindow(process.env, process.platform, process.getuid?.());
  if (missing) return { browserBecause: missing };
  const runtime = await obtainRuntime(say, endWithUs);
  if ('binary' in runtime) return { window: runtime.binary };
  void reconsiderLater();
  return { browserBecause: runtime.missing };
}

async function start(chosen: ReturnType<typeof readArguments>): Promise<void> {
  const { workspace, port, open } = chosen;
  const face = await chooseFace(chosen.browser);
  let browserBecause: string | null;
  if ('window' in face) {
    say('Opening Imago Studio in a window of its own.');
    await buildIfStale(['kernels', 'renderer', 'desktop']);
    browserBecause = await runWindow(face.window, workspace);
  } else {
    browserBecause = face.browserBecause;
  }
  if (browserBecause === null) return;
  say(`Opening Imago Studio in the browser: ${browserBecause}.`);
  await buildIfStale(['kernels', 'renderer']);
  await runBrowserHost({ workspace, version: productVersion(), port, open, say });
}

let chosen: ReturnType<typeof readArguments> | undefined;
try {
  chosen = readArguments();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
  process.exitCode = 2;
}
if (chosen?.help) say(help);
else if (chosen) {
  try {
    await start(chosen);
  } catch (error) {
    console.error(error instanceof StudioError || error instanceof BuildError ? error.message : error);
    process.exitCode = 1;
  }
}
