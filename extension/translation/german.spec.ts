import { TranslationManager } from '@jupyterlab/translation';
import { changes } from '../format/words';
import { planWords } from '../merge/planWords';
import { DOMAIN } from '../tokens';

const catalogue: Record<string, unknown> = jest.requireActual(
  '../../kernel-bridge/python/argon/locale/de_DE/LC_MESSAGES/jupyterlab_argon.json'
);

describe('the German catalogue', () => {
  it("is understood by JupyterLab's own translator", async () => {
    const answer = { data: { [DOMAIN]: catalogue }, message: '' };
    const connector = { fetch: () => Promise.resolve(answer) };
    const manager = new TranslationManager('', '', undefined, connector as never);
    await manager.fetch('de_DE');
    const trans = manager.load(DOMAIN);
    expect([0, 1, 2].map(n => changes(n, trans))).toEqual(['0 Änderungen', '1 Änderung', '2 Änderungen']);
    const plan = { kind: 'restore', source: 'main@353', into: 'main', intoLsn: 1893 } as const;
    expect(planWords(plan, trans).label).toBe('main auf LSN 353 zurücksetzen');
  });
});
