import type { TranslationBundle } from '@jupyterlab/translation';
import type { LineageRun } from '../client/protocol';

/** The tags that Argon puts on a run, as far as the bridge knows them. */
export function argonFacts({ run }: LineageRun): (readonly [name: string, value: string])[] {
  const { facts } = run;
  const cell = facts['cellNumber'] ?? facts['cell'];
  const known: (readonly [string, string | undefined])[] = [
    ['argon.project', run.project],
    ['argon.branch', run.branch],
    ['argon.lsn', String(run.lsn)],
    ['argon.timeline', String(run.timeline)],
    ['argon.digest', run.digest],
    ['argon.notebook', facts['notebook']],
    ['argon.cell', cell],
    ['run', run.id]
  ];
  return known.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const]
  );
}

/** Everything that is known of a run, to be pasted: one fact a line. */
export function factsText(run: LineageRun): string {
  const others = Object.entries(run.run.facts).map(([name, value]) => [name, value] as const);
  return [...argonFacts(run), ...others].map(([name, value]) => `${name}\t${value}`).join('\n');
}

/** How long a run took: `11 s`, `4 min`. */
export function lasted({ run }: LineageRun, trans: TranslationBundle): string {
  const ms = Date.parse(run.facts['endedAt'] ?? '') - Date.parse(run.facts['startedAt'] ?? '');
  if (!(ms >= 0)) {
    return '';
  }
  const seconds = Math.round(ms / 1000);
  return seconds < 120
    ? trans.__('%1 s', seconds)
    : seconds < 7_200
      ? trans.__('%1 min', Math.round(seconds / 60))
      : trans.__('%1 h', Math.round(seconds / 3_600));
}

/** The page of a run on its tracking server; undefined when it was logged to no server. */
export function mlflowLink({ run }: LineageRun): string | undefined {
  const { tracking, experimentId } = run.facts;
  if (tracking === undefined || experimentId === undefined) {
    return undefined;
  }
  try {
    const url = new URL(tracking);
    // Only what a browser opens as a page: a fact is text from outside.
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return undefined;
    }
    url.hash = `/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(run.id)}`;
    return url.href;
  } catch {
    return undefined;
  }
}
