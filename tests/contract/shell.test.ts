import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel as NodeChannel } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Contract } from '../../src-main/contract/api.ts';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import { StudioError } from '../../src-main/contract/errors.ts';
import { mediaAddress } from '../../src-main/contract/media.ts';
import { createRouter } from '../../src-main/router/router.ts';
import { startShell, type ShellOptions } from '../../src-main/shell/shell.ts';
import { shellTexts } from '../../src-main/shell/text.ts';
import { createChannel } from '../../src-main/studio/channel.ts';
import { electronStandIn, PreventableEvent, StandInPort } from '../helpers/electron-stand-in.ts';
import type { ElectronStandIn } from '../helpers/electron-stand-in.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const trainingRun: Run = {
  id: 'run-1',
  projectId: 'project-1',
  name: 'Digits',
  datasetId: 'dataset-1',
  datasetName: 'Digits',
  datasetVersion: 1,
  datasetImages: 200,
  presetId: 'mlp-gan-28',
  family: 'mlp-gan',
  sizePx: 28,
  channels: 1,
  seed: 1,
  settings: {},
  stop: { kind: 'steps', steps: 1000 },
  state: 'running',
  failure: null,
  step: 250,
  trainedMs: 0,
  stepMs: null,
  remainingMs: null,
  backend: null,
  parameters: null,
  latestSampleStep: null,
  checkpoints: [],
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
  trashedAt: null,
  parent: null,
  changes: [],
  rescues: [],
  warnings: [],
  waiting: null,
  wantedBackend: null,
};

/**
 * The shell's own code on the stand-in, over the real studio. Whether something trains is the test's to say:
 * `announce` plays a run that goes from state to state.
 */
async function desktop(options: { holder?: ElectronStandIn; folder?: string; refuse?: StudioError } = {}) {
  const folder = options.folder ?? temporaryFolder();
  const pageFolder = join(folder, 'page');
  mkdirSync(join(pageFolder, 'assets'), { recursive: true });
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>The page</title>');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const standIn = electronStandIn(folder, options.holder);
  const workspace = join(folder, 'workspace');
  const runs = createChannel<Run>();
  let active: Run | null = null;
  const announce = async (run: Run) => {
    active = ['running', 'paused'].includes(run.state) ? run : null;
    runs.send(run);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const opened = { count: 0, closed: 0 };
  let studio: Awaited<ReturnType<typeof studioForTest>> | undefined;
  const shellOptions: ShellOptions = {
    electron: standIn.electron,
    workspace,
    pageFolder,
    preloadFile: join(folder, 'preload.cjs'),
    iconFile: join(folder, 'icon.png'),
    platform: 'linux',
    async open(_host, onPreferences) {
      if (options.refuse) throw options.refuse;
      opened.count += 1;
      const real = await studioForTest(workspace);
      studio = real;
      const watched = {
        ...real,
        setPreferences(changes: Parameters<typeof real.setPreferences>[0]) {
          const preferences = real.setPreferences(changes);
          onPreferences(preferences);
          return preferences;
        },
        async close() {
          opened.closed += 1;
          await real.close();
        },
        runs: {
          ...real.runs,
          active: () => active,
          watchAll: (signal?: AbortSignal) => runs.follow(() => [], signal),
        },
      };
      return { studio: watched, router: createRouter(watched) };
    },
  };
  const shell = await startShell(shellOptions);
  if (shell) onTestFinished(() => shell.leave());
  return { ...standIn, shell, standIn, folder, workspace, studio, opened, announce };
}

const onlyWindow = ({ windows }: ElectronStandIn) => {
  const [window] = windows;
  if (!window || windows.length > 1) throw new Error(`There are ${windows.length} windows.`);
  return window;
};

describe('the window', () => {
  test('is sandboxed and isolated, knows no Node, and shows only the studio’s own page', async () => {
    const { app, standIn, schemes, folder } = await desktop();
    const window = onlyWindow(standIn);
    expect(app.sandboxed).toBe(true);
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      preload: join(folder, 'preload.cjs'),
    });
    expect(window.webContents.mainFrame.url).toBe('imago-studio://app/index.html');
    expect(window.visible).toBe(true);
    expect(window.options.backgroundColor).toBe('#161513');
    expect(window.options.minWidth).toBeGreaterThan(0);
    expect(window.options.title).toContain('workspace');
    expect(
      schemes.map(({ scheme, privileges }) => [scheme, privileges?.standard, privileges?.secure]),
    ).toEqual([
      ['imago-studio', true, true],
      ['imago-media', true, true],
    ]);
    expect(schemes.some(({ privileges }) => privileges?.bypassCSP)).toBe(false);
  });

  test('goes nowhere else, opens no other, and may do nothing but copy text', async () => {
    const { standIn, defaultSession } = await desktop();
    const { webContents } = onlyWindow(standIn);
    for (const happening of [
      'will-navigate',
      'will-frame-navigate',
      'will-redirect',
      'will-attach-webview',
    ]) {
      const event = Object.assign(new PreventableEvent(), { url: 'https://evil.example/' });
      webContents.emit(happening, event);
      expect(event.defaultPrevented, happening).toBe(true);
    }
    expect(webContents.windowOpenHandler?.({ url: 'https://evil.example/' })).toEqual({ action: 'deny' });
    const isAllowed = (permission: string) => {
      let allowed: boolean | undefined;
      defaultSession.permissionRequest?.(webContents, permission, (decision) => (allowed = decision));
      expect(defaultSession.permissionCheck?.(webContents, permission)).toBe(allowed);
      return allowed;
    };
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'fileSystem']) {
      expect(isAllowed(permission), permission).toBe(false);
    }
    expect(isAllowed('clipboard-sanitized-write')).toBe(true);
    webContents.mainFrame.url = 'https://evil.example/';
    expect(isAllowed('clipboard-sanitized-write')).toBe(false);
    expect(defaultSession.devicePermission?.()).toBe(false);
  });

  test('sends no request that would leave this machine', async () => {
    const { defaultSession } = await desktop();
    const cancelled = (url: string) => {
      let answer: boolean | undefined;
      defaultSession.beforeRequest?.({ url }, ({ cancel }) => (answer = cancel));
      return answer;
    };
    for (const url of [
      'https://evil.example/',
      'http://127.0.0.1/',
      'ws://x/',
      'file:///etc/passwd',
      'ftp://x/',
    ]) {
      expect(cancelled(url), url).toBe(true);
    }
    for (const url of ['imago-studio://app/index.html', 'imago-media://media/image/x', 'data:,', 'blob:x']) {
      expect(cancelled(url), url).toBe(false);
    }
  });

  test('comes back where it was left', async () => {
    const { app, standIn, folder } = await desktop();
    onlyWindow(standIn).close();
    await expect.poll(() => app.exitCode).toBe(0);
    const kept = JSON.parse(readFileSync(join(app.getPath('userData'), 'window.json'), 'utf8'));
    expect(kept).toEqual({ x: 10, y: 20, width: 1200, height: 800, maximised: false });
    const next = await desktop({ folder });
    expect(onlyWindow(next.standIn).options).toMatchObject({ x: 10, y: 20, width: 1200, height: 800 });
  });
});

describe('the page’s own scheme', () => {
  test('serves the built page with the strict content policy, and no other file', async () => {
    const { protocols } = await desktop();
    const ask = async (url: string, method = 'GET') =>
      protocols.get('imago-studio')?.(new Request(url, { method }));
    const page = await ask('imago-studio://app/index.html');
    expect(page?.status).toBe(200);
    expect(await page?.text()).toContain('The page');
    const policy = page?.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|unsafe/);
    for (const url of [
      'imago-studio://app/..%2fsecret.txt',
      'imago-studio://app/assets/..%2f..%2fsecret.txt',
      'imago-studio://app//secret.txt',
      'imago-studio://other/index.html',
      'imago-studio://app/none.js',
    ]) {
      expect((await ask(url))?.status, url).toBe(404);
    }
    expect((await ask('imago-studio://app/index.html', 'POST'))?.status).toBe(404);
  });
});

describe('imago-media://', () => {
  test('serves the pictures that the store knows, and nothing else', async () => {
    const { protocols, studio } = await desktop();
    if (!studio) throw new Error('The studio is not open.');
    const ask = async (url: string, method = 'GET') =>
      protocols.get('imago-media')?.(new Request(url, { method }));
    const { datasetId } = await sampleDataset(studio, 20);
    const [first] = studio.datasets.pictures(datasetId, 0, 1).items;
    const address = mediaAddress.picture(first?.id ?? '');
    const picture = await ask(`imago-media://media/${address}`);
    expect(picture?.status).toBe(200);
    expect(picture?.headers.get('content-type')).toMatch(/^image\//);
    expect((await picture?.arrayBuffer())?.byteLength).toBeGreaterThan(50);
    for (const url of [
      `imago-media://other/${address}`,
      'imago-media://media/picture/none',
      'imago-media://media/picture/..%2f..%2fstudio.db',
      'imago-media://media/../studio.db',
      'imago-media://media/studio.db',
      'imago-media://media/',
    ]) {
      expect((await ask(url))?.status, url).toBe(404);
    }
    expect((await ask(`imago-media://media/${address}`, 'DELETE'))?.status).toBe(404);
  });
});

describe('the port', () => {
  const offer = (ipcMain: ElectronStandIn['ipcMain'], sender: unknown, senderFrame: unknown) => {
    const { port1, port2 } = new NodeChannel();
    const port = new StandInPort(port2);
    ipcMain.emit('imago-studio-port', { sender, senderFrame, ports: [port] });
    onTestFinished(() => port1.close());
    return { port, pageEnd: port1 };
  };

  test('from the studio’s own page carries the contract', async () => {
    const { ipcMain, standIn } = await desktop();
    const { webContents } = onlyWindow(standIn);
    const { pageEnd } = offer(ipcMain, webContents, webContents.mainFrame);
    const link = new RPCLink({ port: pageEnd as unknown as globalThis.MessagePort });
    pageEnd.start();
    const client = createORPCClient<ContractRouterClient<Contract>>(link);
    expect(await client.projects.list()).toEqual([]);
    const { name } = await client.projects.create({ name: 'Animals' });
    expect(name).toBe('Animals');
  });

  test('from anyone else is closed unread', async () => {
    const { ipcMain, standIn } = await desktop();
    const { webContents } = onlyWindow(standIn);
    const own = webContents.mainFrame.url;
    const strangers: [string, unknown, unknown][] = [
      ['a frame within the page', webContents, { url: own }],
      ['other contents', { mainFrame: webContents.mainFrame }, webContents.mainFrame],
      ['a frame that is gone', webContents, null],
    ];
    for (const [who, sender, frame] of strangers) {
      expect(offer(ipcMain, sender, frame).port.closed, who).toBe(true);
    }
    for (const url of [
      'https://evil.example/',
      'imago-studio://app.evil.example/',
      'about:blank',
      'file:///a',
    ]) {
      webContents.mainFrame.url = url;
      expect(offer(ipcMain, webContents, webContents.mainFrame).port.closed, url).toBe(true);
    }
  });
});

describe('closing the window', () => {
  test('while nothing trains closes the studio and ends the app', async () => {
    const { app, standIn, questions, opened } = await desktop();
    onlyWindow(standIn).close();
    await expect.poll(() => app.exitCode).toBe(0);
    expect(questions).toEqual([]);
    expect(opened.closed).toBe(1);
  });

  test('while a run trains asks, and goes on in the background with an icon that brings it back', async () => {
    const { app, standIn, questions, answers, trays, announce, opened } = await desktop();
    const window = onlyWindow(standIn);
    await announce(trainingRun);
    answers.push({ response: 0, checkboxChecked: false });
    window.close();
    await expect.poll(() => window.visible).toBe(false);
    const { en } = shellTexts;
    expect(questions[0]).toMatchObject({
      message: en.closeQuestion(trainingRun),
      buttons: [en.keepTraining, en.stopAfterSaving, en.cancel],
    });
    expect([window.destroyed, app.exitCode, opened.closed]).toEqual([false, null, 0]);
    expect(trays[0]).toMatchObject({ tip: en.trayTraining(trainingRun), destroyed: false });
    trays[0]?.menu[0]?.click?.({} as Electron.MenuItem, undefined, {} as Electron.KeyboardEvent);
    expect(window.visible).toBe(true);
    expect(trays[0]?.destroyed).toBe(true);
  });

  test('and choosing to stop saves first, then ends the app', async () => {
    const { app, standIn, answers, announce, opened } = await desktop();
    await announce(trainingRun);
    answers.push({ response: 1, checkboxChecked: false });
    onlyWindow(standIn).close();
    await expect.poll(() => app.exitCode).toBe(0);
    expect(opened.closed).toBe(1);
  });

  test('and cancelling changes nothing', async () => {
    const { app, standIn, questions, announce, opened } = await desktop();
    const window = onlyWindow(standIn);
    await announce(trainingRun);
    window.close();
    await expect.poll(() => questions.length).toBe(1);
    expect([window.visible, window.destroyed, app.exitCode, opened.closed]).toEqual([true, false, null, 0]);
  });

  test('asks once only, and never again when told so', async () => {
    const { app, standIn, questions, answers, announce, studio } = await desktop();
    const window = onlyWindow(standIn);
    await announce(trainingRun);
    answers.push({ response: 0, checkboxChecked: true });
    window.close();
    window.close();
    await expect.poll(() => window.visible).toBe(false);
    expect(questions).toHaveLength(1);
    expect(studio?.preferences().onClose).toBe('background');
    window.show();
    app.quit();
    await expect.poll(() => window.visible).toBe(false);
    expect(questions).toHaveLength(1);
    expect(app.exitCode).toBeNull();
  });
});

describe('while runs train', () => {
  test('the machine stays awake, the task bar shows how far, and a run that ends unseen is told', async () => {
    const { standIn, blockers, notifications, announce } = await desktop();
    const window = onlyWindow(standIn);
    await announce(trainingRun);
    expect(blockers.size).toBe(1);
    expect(window.progress).toBe(0.25);
    await announce({ ...trainingRun, state: 'paused' });
    expect(blockers.size).toBe(0);
    await announce({ ...trainingRun, step: 1000, state: 'completed' });
    expect(window.progress).toBe(-1);
    expect(notifications.map(({ title }) => title)).toEqual([shellTexts.en.completedTitle]);
    window.hide();
    notifications[0]?.click();
    expect(window.visible).toBe(true);
  });

  test('a run that ends before the user’s eyes, or by the user’s hand, is not told', async () => {
    const { standIn, notifications, announce } = await desktop();
    await announce(trainingRun);
    await announce({ ...trainingRun, state: 'stopped' });
    onlyWindow(standIn).focus();
    await announce(trainingRun);
    await announce({ ...trainingRun, state: 'completed' });
    expect(notifications).toEqual([]);
  });
});

describe('one window for each workspace', () => {
  test('a second start brings the first one’s window forward and ends', async () => {
    const first = await desktop();
    const window = onlyWindow(first.standIn);
    window.hide();
    window.minimised = true;
    const second = await desktop({ holder: first.standIn, folder: first.folder });
    expect(second.shell).toBeNull();
    expect(second.app.exitCode).toBe(0);
    expect(second.windows).toEqual([]);
    expect(second.opened.count).toBe(0);
    expect(second.app.lockData).toEqual({ workspace: first.workspace });
    expect([window.visible, window.focused, window.minimised]).toEqual([true, true, false]);
  });

  test('another workspace has a window of its own', async () => {
    const first = await desktop();
    const second = await desktop({ holder: first.standIn });
    expect(second.shell).not.toBeNull();
    expect(second.app.paths['userData']).not.toBe(first.app.paths['userData']);
  });

  test('a workspace that cannot be opened is named, and nothing else opens', async () => {
    const refuse = new StudioError('workspace-in-use', 'The workspace “x” is open in another Imago Studio.');
    const { shell, app, windows, errorBoxes } = await desktop({ refuse });
    expect(shell).toBeNull();
    expect(app.exitCode).toBe(1);
    expect(windows).toEqual([]);
    expect(errorBoxes).toEqual([{ title: shellTexts.en.cannotOpen, content: refuse.message }]);
  });
});

test('menus follow the language that the user prefers, and the window its theme', async () => {
  const { menus, studio, nativeTheme, ipcMain, standIn } = await desktop();
  const labels = () => menus.at(-1)?.map(({ label }) => label);
  expect(labels()).toEqual(['File', 'Edit', 'View', 'Window']);
  const { webContents } = onlyWindow(standIn);
  const { port1, port2 } = new NodeChannel();
  onTestFinished(() => port1.close());
  ipcMain.emit('imago-studio-port', {
    sender: webContents,
    senderFrame: webContents.mainFrame,
    ports: [new StandInPort(port2)],
  });
  const link = new RPCLink({ port: port1 as unknown as globalThis.MessagePort });
  const client = createORPCClient<ContractRouterClient<Contract>>(link);
  await client.studio.setPreferences({ language: 'zh', theme: 'light' });
  expect(labels()).toEqual(['文件', '编辑', '显示', '窗口']);
  expect(nativeTheme.themeSource).toBe('light');
  expect(studio?.preferences().language).toBe('zh');
});
