import type { TranslationBundle } from '@jupyterlab/translation';
import { count, metricValue } from '../format/count';
import { ago } from '../format/time';
import { note, title } from '../format/words';
import { idText } from '../format/value';
import type { IRow } from './rows';

/** A run's name: as MLflow shows it, else its id. */
export function runName(run: {
  readonly id: string;
  readonly facts: Readonly<Record<string, string>>;
}): string {
  return run.facts['name'] ?? run.facts['mlflow.runName'] ?? run.id.slice(0, 8);
}

/** The one metric that a row has room for: accuracy when there is one, else the first. */
export function runValue(run: { readonly facts: Readonly<Record<string, string>> }): string | undefined {
  const found =
    run.facts['metric.accuracy'] ??
    Object.entries(run.facts).find(([key]) => key.startsWith('metric.') && key !== 'metric.argon.lsn')?.[1];
  return found === undefined ? undefined : metricValue(found);
}

/** The accessible name of a row: everything that is drawn, in words. */
export function rowName(row: IRow, me: string | undefined, now: number, trans: TranslationBundle): string {
  const parts = [trans.__('LSN %1', count(row.lsn))];
  for (const chip of row.chips) {
    parts.push(trans.__('branch %1', chip.name));
    if (chip.isSession) {
      parts.push(trans.__('session'));
    }
    if (chip.branch?.isProtected === true) {
      parts.push(trans.__('protected'));
    }
  }
  if (row.kind === 'empty') {
    parts.push(trans.__('Empty project'));
  } else if (row.change !== undefined) {
    parts.push(row.change.op, `${row.change.collection} / ${idText(row.change.id)}`);
  } else if (row.entry !== undefined) {
    parts.push(title(row.entry, trans), note(row.entry, me, trans));
  }
  parts.push(...row.pins.map(pin => trans.__('pin %1', pin.name)));
  parts.push(...row.runs.map(run => trans.__('run %1 %2', runName(run), runValue(run) ?? '')));
  if (row.at !== '') {
    parts.push(ago(row.at, now, trans));
  }
  return parts.filter(part => part !== '').join(', ');
}
