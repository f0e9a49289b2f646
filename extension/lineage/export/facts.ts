import type { LineageModel } from '../lineageModel';

/** What a picture of a lineage says of itself, in its metadata. */
export interface IPictureFacts {
  readonly generator: string;
  readonly project: string;
  readonly head: number;
  readonly exportedAt: string;
  readonly filter: { readonly search: string; readonly branch: string; readonly digest: string };
  readonly selected?: string;
  readonly states: readonly {
    readonly ref: string;
    readonly branch?: string;
    readonly timeline: number;
    readonly lsn: number;
    readonly digest?: string;
    readonly pins: readonly string[];
  }[];
  readonly runs: readonly {
    readonly id: string;
    readonly name?: string;
    readonly lsn: number;
    readonly branch?: string;
    readonly digest: string;
    readonly createdAt: string;
    readonly notebook?: string;
    readonly cell?: string;
    readonly models: readonly string[];
  }[];
}

/** The facts of what is drawn now. */
export function pictureFacts(model: LineageModel, version: string, at: Date): IPictureFacts {
  const { graph, parts, project, search, branch, digest } = model;
  const drawn = [...graph.nodes.values()];
  const runs = drawn.flatMap(node =>
    node.kind === 'run' ? [node.run] : node.kind === 'fold' ? node.runs : []
  );
  const { selectedNode } = model;
  return {
    generator: `Argon ${version}`,
    project,
    head: model.page?.head ?? 0,
    exportedAt: at.toISOString(),
    filter: { search, branch, digest },
    ...(selectedNode === undefined ? {} : { selected: selectedNode.key }),
    states: drawn.flatMap(node =>
      node.kind === 'data'
        ? [
            {
              ref: node.data.ref,
              ...(node.data.branch === undefined ? {} : { branch: node.data.branch }),
              timeline: node.data.timeline,
              lsn: node.data.lsn,
              ...(node.data.digest === undefined ? {} : { digest: node.data.digest }),
              pins: node.data.pins
            }
          ]
        : []
    ),
    runs: runs.map(({ key, run }) => {
      const { name, notebook } = run.facts;
      const cell = run.facts['cellNumber'] ?? run.facts['cell'];
      return {
        id: run.id,
        ...(name === undefined ? {} : { name }),
        lsn: run.lsn,
        ...(run.branch === undefined ? {} : { branch: run.branch }),
        digest: run.digest,
        createdAt: run.createdAt,
        ...(notebook === undefined ? {} : { notebook }),
        ...(cell === undefined ? {} : { cell }),
        models: parts.models
          .filter(made => made.run === key)
          .map(made => (made.version === undefined ? made.name : `${made.name}@${made.version}`))
      };
    })
  };
}

/** The facts as JSON that is plain ASCII, so that every format carries it whole. */
export function factsJson(facts: IPictureFacts): string {
  return JSON.stringify(facts).replace(
    /[^\x20-\x7e]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}
