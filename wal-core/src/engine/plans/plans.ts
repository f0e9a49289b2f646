import type { Origin, PlanInfo } from '../../api';
import type { BranchOffice } from '../branches';
import type { Core } from '../core';
import { PlanAnswers } from './answers';
import { PlanApplier } from './applier';
import { PlanBook } from './book';
import { PlanLocks } from './locks';
import { PlanMaker } from './maker';
import { PlanPages } from './pages';
import { PlanSources } from './sources';

/** Merges, picks, undos and restores as plans: made, answered, applied exactly once, or refused because a head has moved. */
export class PlanOffice {
  readonly book: PlanBook;
  readonly maker: PlanMaker;
  readonly pages: PlanPages;
  readonly answers: PlanAnswers;
  private readonly applier: PlanApplier;

  constructor(
    private readonly core: Core,
    branches: BranchOffice
  ) {
    const sources = new PlanSources(core);
    const locks = new PlanLocks();
    this.book = new PlanBook(core);
    this.maker = new PlanMaker(core, this.book, sources);
    this.pages = new PlanPages(core, this.book, sources);
    this.answers = new PlanAnswers(core, this.book, sources, locks);
    this.applier = new PlanApplier(core, branches, this.book, sources, locks);
  }

  async plan(projectName: string, id: string): Promise<PlanInfo> {
    const project = this.core.registry.project(projectName);
    return this.book.info(project, this.book.find(project, id));
  }

  async list(projectName: string): Promise<PlanInfo[]> {
    return this.book.list(this.core.registry.project(projectName));
  }

  /** @throws PLAN_STALE, PLAN_APPLIED, PLAN_UNANSWERED, CHECKS_MISSING, DUPLICATE_KEY, COLLECTION_EXISTS */
  apply(projectName: string, id: string, origin: Origin): Promise<PlanInfo> {
    return this.applier.apply(projectName, id, origin);
  }
}
