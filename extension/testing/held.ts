/** An answer that a test gives when it wants to. */
export class Held<T> {
  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.give = resolve;
      this.refuse = reject;
    });
  }

  readonly promise: Promise<T>;
  give!: (value: T) => void;
  refuse!: (error: Error) => void;
}
