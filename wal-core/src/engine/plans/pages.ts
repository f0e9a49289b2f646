import { LRUCache } from 'lru-cache';
import type { Conflict, PlanDocument } from '../../api';
import { markOf, readMark, startBehind } from '../../diff/mark';
import { conflictPage, decisions, placeOf, planDocument, type ShownConflict } from '../../merge/planner';
import type { Core } from '../core';
import type { PlanBook } from './book';
import type { PlanSources } from './sources';

const PAGE_DEFAULT = 100;
/** Ends of pages of conflicts whose places are remembered. */
const PAGE_ENDS_MAX = 1_000;

/** What a plan would do, page by page. A page goes on behind the last one: nothing is held between two calls but places. */
export class PlanPages {
  private readonly pageEnds = new LRUCache<string, ShownConflict>({ max: PAGE_ENDS_MAX });

  constructor(
    private readonly core: Core,
    private readonly book: PlanBook,
    private readonly sources: PlanSources
  ) {}

  async conflicts(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly Conflict[]> {
    const project = this.core.registry.project(projectName);
    const plan = this.book.find(project, id);
    const name = (conflict: string) => `${project.id} ${id} ${conflict}`;
    const after =
      options.after === undefined
        ? undefined
        : (this.pageEnds.get(name(options.after)) ?? { id: options.after, place: undefined });
    const { conflicts, last } = await this.sources.use(project, plan, async source =>
      conflictPage(
        source,
        plan,
        await this.sources.evaluate(source, plan),
        after,
        options.limit ?? PAGE_DEFAULT
      )
    );
    if (last !== undefined) {
      this.pageEnds.set(name(last.id), last);
    }
    return conflicts;
  }

  async documents(
    projectName: string,
    id: string,
    options: { after?: string; limit?: number } = {}
  ): Promise<readonly PlanDocument[]> {
    const project = this.core.registry.project(projectName);
    const plan = this.book.find(project, id);
    const start = options.after === undefined ? undefined : startBehind(readMark(options.after));
    const limit = options.limit ?? PAGE_DEFAULT;
    return this.sources.use(project, plan, async source => {
      const evaluated = await this.sources.evaluate(source, plan);
      const documents: PlanDocument[] = [];
      for await (const decision of decisions(source, plan, evaluated, start)) {
        if (documents.length >= limit) {
          break;
        }
        const document = planDocument(decision, evaluated);
        if (document !== undefined) {
          documents.push({ ...document, mark: markOf(placeOf(decision)) });
        }
      }
      return documents;
    });
  }
}
