/** Milliseconds that some work took, and what it answered. */
export async function timed(work) {
  const begun = performance.now();
  const found = await work();
  return { ms: performance.now() - begun, found };
}
