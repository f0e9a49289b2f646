import { useCallback, useEffect, useRef, useState } from 'react';

/** How long a pointer that lies still counts as pointing, in milliseconds. */
const STILL_MS_MAX = 3_000;

/**
 * Whether somebody points at something now. A pointer that was left lying there, as after a click in a menu
 * above it, points at nothing.
 */
export function usePointing(): {
  readonly isPointed: boolean;
  readonly onMove: () => void;
  readonly onLeave: () => void;
} {
  const [isPointed, setPointed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const onLeave = useCallback(() => {
    clearTimeout(timer.current);
    setPointed(false);
  }, []);
  const onMove = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(onLeave, STILL_MS_MAX);
    setPointed(true);
  }, [onLeave]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { isPointed, onMove, onLeave };
}
