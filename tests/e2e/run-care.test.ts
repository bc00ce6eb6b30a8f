import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { faceMissing, openFace, wantedFace } from '../helpers/face.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const missing = faceMissing();

describe.skipIf(missing !== null || wantedFace === 'desktop')('on the screen of a run', () => {
  it('a setting is changed, a checkpoint starred and forked, and another window follows', async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const common = ['--workspace', workspace, '--json'];
    await imago('sample', '--name', 'Digits', '--images', '80', ...common);
    const trained = await imago(
      ...['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--steps', '40', '--name', 'Trunk'],
      ...['--set', 'checkpointEverySteps=20', '--set', 'batchSize=16', ...common],
    );
    const run = String(trained.json?.run);
    await using face = await openFace(workspace);
    const { page, complaints } = face;
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.evaluate(() => {
      location.hash = '/runs';
    });
    await other.getByText('Trunk').waitFor();

    await page.evaluate((id) => {
      location.hash = `/runs/${id}?tab=settings`;
    }, run);
    const rate = page.getByLabel('Learning rate', { exact: true });
    await rate.fill('0.0001');
    await rate.press('Enter');
    await page.getByTestId('run-settings-apply').click();
    await page
      .getByTestId('run-setting-history')
      .getByText(/→ 0\.0001/)
      .waitFor();

    await page.getByTestId('run-tab-lineage').click();
    await page.getByTestId('checkpoint-star-20').click();
    await page.locator('[data-testid=checkpoint-star-20][aria-pressed=true]').waitFor();
    await page.getByTestId('checkpoint-fork-20').click();
    const end = page.getByTestId('run-fork-end').getByRole('textbox');
    await end.fill('30');
    await end.press('Tab');
    await page.getByTestId('run-fork-start').click();
    await page.getByTestId('run-name').filter({ hasText: 'Trunk, step 20' }).waitFor();
    await page.locator('[data-testid=run-step][data-step="30"]').waitFor();
    await page.locator('[data-testid=run-state][data-state=completed]').waitFor();
    await page.getByTestId('run-tab-lineage').click();
    expect(await page.getByTestId('run-parent').textContent()).toContain('Trunk');

    // What is put away in one window leaves the other by itself.
    await other.getByText('Trunk, step 20').waitFor();
    await page.evaluate(() => {
      location.hash = '/runs';
    });
    const rows = page.getByTestId('run-row');
    await rows.filter({ hasText: 'Trunk, step 20' }).getByTestId('run-trash').click();
    await other.getByText('Trunk, step 20').waitFor({ state: 'detached' });
    expect(await other.getByTestId('run-row').count()).toBe(1);
    expect(complaints.lines).toEqual([]);
  });

  it('a new run starts from the layers of a checkpoint: which fit and which are frozen is told beforehand', async () => {
    const workspace = join(temporaryFolder(), 'workspace');
    const common = ['--workspace', workspace, '--json'];
    await imago('sample', '--name', 'Digits', '--images', '80', ...common);
    const trained = await imago(
      ...['train', '--dataset', 'Digits', '--preset', 'mlp-gan-28', '--steps', '20', '--name', 'Trunk'],
      ...['--set', 'batchSize=16', '--set', 'hiddenSize=16', '--set', 'latentSize=8', ...common],
    );
    await using face = await openFace(workspace);
    const { page, complaints } = face;
    await page.evaluate((id) => {
      location.hash = `/runs/${id}?tab=lineage`;
    }, String(trained.json?.run));
    await page.getByTestId('checkpoint-fork-20').click();
    await page.getByTestId('run-fork-anew').check({ force: true });
    const plan = page.locator('[data-testid=start-plan][data-comparing=false]');
    await plan.getByText('0 at random, 0 frozen').waitFor();

    await page.getByTestId('run-fork-settings').locator('summary').click();
    const set = async (key: string, value: string) => {
      const field = page.getByTestId(`fork-setting-${key}`).getByRole('textbox');
      await field.fill(value);
      await field.press('Tab');
    };
    await set('latentSize', '6');
    await set('frozenDiscriminatorLayers', '2');
    // Only what stands on the latents is of another shape.
    await plan.getByText('1 at random, 2 frozen').waitFor();
    await plan.getByTestId('layer-table').locator('summary').click();
    const row = (name: string) => plan.getByRole('row').filter({ hasText: name });
    expect(await plan.getByTestId('layer-frozen').count()).toBe(2);
    expect(await row('generator').first().textContent()).toContain('Random');
    expect(await plan.getByRole('row').filter({ hasText: 'Frozen' }).first().textContent()).toMatch(
      /discriminator.*Taken over.*Frozen/,
    );

    const end = page.getByTestId('run-fork-end').getByRole('textbox');
    await end.fill('10');
    await end.press('Tab');
    await page.getByTestId('run-fork-start').click();
    await page.getByTestId('run-name').filter({ hasText: 'Digits, from Trunk' }).waitFor();
    await page.locator('[data-testid=run-step][data-step="10"]').waitFor();
    await page.locator('[data-testid=run-state][data-state=completed]').waitFor();
    await page.getByTestId('run-tab-lineage').click();
    expect(await page.getByTestId('run-parent').textContent()).toMatch(/Started from.*Trunk/);
    expect(complaints.lines).toEqual([]);
  });
});
