/** What we use of the package, which brings no types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on a whole open file, held by the open file itself; false when another holds it. */
  export function tryLock(descriptor: number): boolean;
}
