/** Shortens a name in the middle, so that both its prefix and its end can be read: `exp/scal…res-2`. */
export function shortenMiddle(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) {
    return text;
  }
  const tail = Math.floor((lengthMax - 1) / 2);
  return `${text.slice(0, lengthMax - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/** The last part of a path: a notebook's name as its tab shows it. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
