import { type Collection, type Document, MongoClient } from 'mongodb';
import { DRIVER_IN_JEST } from '../../kernel-bridge/src/wire/testing';
import type { MortalBridge } from './bridge';

export type Below = (n: number) => number;

const CLIENTS = 8;
/** An operation fails when there was no bridge for so long; a killed one is back much sooner. */
const PATIENCE_MS = 20_000;

/** One operation of a client. */
type Work<T extends Document> = (
  collection: Collection<T>,
  number: number,
  below: Below,
  client: MongoClient
) => Promise<void>;

/** Drivers with connections of their own, at work beside each other while the bridge is killed. */
export class Clients {
  private constructor(
    private readonly bridge: MortalBridge,
    private readonly clients: readonly MongoClient[],
    private readonly below: Below,
    private readonly plan: {
      readonly collection: string;
      readonly operations: number;
      readonly kills: number;
    }
  ) {}

  static async connect(bridge: MortalBridge, below: Below, plan: Clients['plan']): Promise<Clients> {
    const options = { ...DRIVER_IN_JEST, serverSelectionTimeoutMS: PATIENCE_MS };
    const clients = Array.from({ length: CLIENTS }, () => new MongoClient(bridge.uri, options));
    await Promise.all(clients.map(client => client.connect()));
    return new Clients(bridge, clients, below, plan);
  }

  /** Runs operations on all clients at once. In the middle of them the bridge is killed. */
  async each<T extends Document>(work: Work<T>): Promise<void> {
    const { collection, operations, kills } = this.plan;
    const total = CLIENTS * operations;
    let done = 0;
    let killed = 0;
    let killing: Promise<void> = Promise.resolve();
    await Promise.all(
      this.clients.map(async (client, number) => {
        for (let i = 0; i < operations; i++) {
          await work(client.db('shop').collection<T>(collection), number, this.below, client);
          if (++done >= ((killed + 1) * total) / (kills + 1) && killed < kills) {
            killed++;
            killing = killing.then(() => this.bridge.kill());
          }
        }
      })
    );
    await killing;
    expect(killed).toBe(kills);
  }

  /** A collection as it is in the end. */
  all<T extends Document>(): Promise<Document[]> {
    return this.clients[0]!.db('shop').collection<T>(this.plan.collection).find().toArray();
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map(client => client.close()));
  }
}
