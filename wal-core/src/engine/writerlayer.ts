import type { CollectionInfo, DocKey, DocumentVersion, Image, Writer } from '../api';

/** A writer in front of another, which does all that a layer leaves to it. */
export class WriterLayer implements Writer {
  constructor(protected readonly writer: Writer) {}

  get project(): Writer['project'] {
    return this.writer.project;
  }

  get branch(): string {
    return this.writer.branch;
  }

  get staged(): number {
    return this.writer.staged;
  }

  collections(): readonly CollectionInfo[] {
    return this.writer.collections();
  }

  collection(name: string): CollectionInfo | undefined {
    return this.writer.collection(name);
  }

  ensureCollection(name: string): CollectionInfo {
    return this.writer.ensureCollection(name);
  }

  createCollection(name: string, options: Image): CollectionInfo {
    return this.writer.createCollection(name, options);
  }

  setOptions(collection: CollectionInfo, options: Image): CollectionInfo {
    return this.writer.setOptions(collection, options);
  }

  renameCollection(collection: CollectionInfo, name: string): CollectionInfo {
    return this.writer.renameCollection(collection, name);
  }

  createIndex(collection: CollectionInfo, spec: Image): boolean {
    return this.writer.createIndex(collection, spec);
  }

  changeIndex(collection: CollectionInfo, name: string, spec: Image): void {
    this.writer.changeIndex(collection, name, spec);
  }

  dropIndex(collection: CollectionInfo, name: string): void {
    this.writer.dropIndex(collection, name);
  }

  get(collection: CollectionInfo, key: DocKey): Image | undefined {
    return this.writer.get(collection, key);
  }

  insert(collection: CollectionInfo, image: Image): void {
    this.writer.insert(collection, image);
  }

  replace(collection: CollectionInfo, key: DocKey, image: Image, isWhole = false): void {
    this.writer.replace(collection, key, image, isWhole);
  }

  remove(collection: CollectionInfo, key: DocKey): boolean {
    return this.writer.remove(collection, key);
  }

  hasRead(collection: CollectionInfo, key: DocKey, version: DocumentVersion): void {
    this.writer.hasRead(collection, key, version);
  }
}
