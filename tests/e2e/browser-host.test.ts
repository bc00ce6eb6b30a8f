import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../helpers/browser.ts';
import { wantedFace } from '../helpers/face.ts';
import { startStudioProcess } from '../helpers/studio-process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe.skipIf(wantedFace === 'desktop')('the browser host', () => {
  it('opens at the printed address once, and tells the next browser where to look', async () => {
    await using studio = await startStudioProcess(join(temporaryFolder(), 'workspace'));
    await using browser = await launchBrowser();
    const printed = studio.address();
    const first = await browser.newPage();
    await first.page.goto(printed);
    await first.page.getByTestId('try-sample').waitFor();
    expect(first.page.url()).not.toContain('token');
    await first.page.reload();
    await first.page.getByTestId('try-sample').waitFor();
    expect(first.complaints.lines).toEqual([]);

    const second = await browser.newPage({ language: 'zh-CN' });
    expect((await second.page.goto(printed))?.status()).toBe(401);
    expect(await second.page.getByRole('heading').textContent()).toContain('已上锁');
    expect(await second.page.evaluate(() => getComputedStyle(document.body).maxWidth)).toBe('576px');
    await expect.poll(() => studio.address()).not.toBe(printed);
    await second.page.goto(studio.address());
    await second.page.getByTestId('try-sample').waitFor();
  });

  it('a page of another program on this machine cannot reach it, though the browser is known to it', async () => {
    await using studio = await startStudioProcess(join(temporaryFolder(), 'workspace'));
    await using browser = await launchBrowser();
    const { page } = await browser.newPage();
    const reach = (origin: string) =>
      page.evaluate(async (url) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/rpc`);
        const opened = await new Promise<boolean>((resolve) => {
          socket.onopen = () => resolve(true);
          socket.onerror = () => resolve(false);
        });
        socket.close();
        const image = new Image();
        const shown = await new Promise<boolean>((resolve) => {
          image.onload = () => resolve(true);
          image.onerror = () => resolve(false);
          image.src = `${url}/favicon.svg`;
        });
        return { opened, shown };
      }, origin);

    await page.goto(studio.address());
    await page.getByTestId('try-sample').waitFor();
    const { origin } = new URL(page.url());
    expect(await reach(origin)).toEqual({ opened: true, shown: true });

    const stranger = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another</title>');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void stranger.close());
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    expect(await reach(origin)).toEqual({ opened: false, shown: false });
  });
});
