import type { Origin } from '../api';
import { checkOrigin } from '../log/bounds';

/** Who wrote, by small numbers: frames name an origin by its number, and a row of a table has its text. */
export class Origins {
  private readonly byId = new Map<number, Origin>();
  private readonly ids = new Map<string, number>();
  /** Numbers whose row is on disk. */
  private readonly logged = new Set<number>();
  private next = 1;
  /** The origin asked for last: most commits come from the writer of the one before. */
  private last: { readonly origin: Origin; readonly id: number } | undefined;

  get(id: number): Origin {
    return this.byId.get(id) ?? { actor: 'unknown' };
  }

  /** The row of an origin is on disk. */
  take(id: number, origin: Origin): void {
    this.byId.set(id, origin);
    this.ids.set(textOf(origin), id);
    this.logged.add(id);
    this.next = Math.max(this.next, id + 1);
    this.last = undefined;
  }

  /** The number of an origin, and whether its row is on disk. */
  intern(origin: Origin): { readonly id: number; readonly isLogged: boolean } {
    if (this.last === undefined || !isSame(this.last.origin, origin)) {
      this.last = { origin: { ...origin }, id: this.idOf(origin) };
    }
    const { id } = this.last;
    return { id, isLogged: this.logged.has(id) };
  }

  /** @throws BAD_REQUEST, LIMIT_EXCEEDED */
  private idOf(origin: Origin): number {
    checkOrigin(origin);
    const text = textOf(origin);
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.next++;
      this.ids.set(text, id);
      this.byId.set(id, origin);
    }
    return id;
  }
}

function isSame(a: Origin, b: Origin | null | undefined): boolean {
  return (
    typeof b === 'object' &&
    b !== null &&
    a.actor === b.actor &&
    a.session === b.session &&
    a.notebook === b.notebook &&
    a.cell === b.cell &&
    a.cellNumber === b.cellNumber
  );
}

function textOf({ actor, session, notebook, cell, cellNumber }: Origin): string {
  return JSON.stringify([actor, session, notebook, cell, cellNumber]);
}
