import { documentOf } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { describeExecution, describePlan, explainFooter, runsQuery, type Verbosity } from '../explain';
import { emptyReply } from '../reply';
import type { Reply } from '../registry';
import type { OpenedAggregate } from '../open-aggregate';
import { typedDocument } from '../typed';

type Stage = Record<string, unknown>;
const asIs = (stage: Stage): Stage => stage;

/** Explains a pipeline: the read below it as a `$cursor`, then the stages that are left to it. */
export async function explainAggregate(
  context: CommandContext,
  { pipeline, run, namespace, first, last }: OpenedAggregate,
  verbosity: Verbosity
): Promise<Reply> {
  const decoded = (name: string, value: { type: number; bytes: Buffer }): Stage =>
    typedDocument(documentOf([{ name, ...value }]));
  const rest = pipeline.stages.slice(run === undefined ? 0 : pipeline.lead.stages);
  const stages = [
    ...(first === undefined ? [] : [first]),
    ...rest,
    ...(last === undefined ? [] : [last])
  ].map(stage => decoded(stage.name, stage.value));
  const reply = emptyReply().string('explainVersion', '1');
  if (run !== undefined) {
    const startedAt = Date.now();
    const cursor: Stage = { queryPlanner: describePlan(namespace, run, run.query, asIs) };
    if (runsQuery(verbosity)) {
      let returned = 0;
      for await (const batch of run.documents()) {
        returned += batch.length;
      }
      cursor['executionStats'] = describeExecution(run, run.query, startedAt, returned, asIs);
    }
    if (stages.length === 0) {
      reply.fields(cursor);
    } else {
      reply.value('stages', [{ $cursor: cursor }, ...stages]);
    }
  } else {
    reply.value('stages', stages);
  }
  return reply.fields(explainFooter(context, context.args.raw));
}
