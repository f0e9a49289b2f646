import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/** Distance of a pop-up from its anchor and from the edges of the window, in pixels. */
const GAP_PX = 2;
const EDGE_PX = 8;

/** Where a pop-up is, in pixels of the window; `above` is its lower edge from the bottom of the window. */
export interface IPlace {
  readonly left: number;
  readonly top?: number;
  readonly above?: number;
  readonly heightMax: number;
}

/** Under the anchor, or above it where there is more room; at its left edge, or else its right; inside the window. */
export function placeAt(
  anchor: Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>,
  size: { readonly width: number; readonly height: number },
  window: { readonly width: number; readonly height: number }
): IPlace {
  const isFitting = anchor.left + size.width + EDGE_PX <= window.width;
  const wished = isFitting ? anchor.left : anchor.right - size.width;
  const left = Math.max(EDGE_PX, Math.min(wished, window.width - size.width - EDGE_PX));
  const below = window.height - anchor.bottom - GAP_PX - EDGE_PX;
  const over = anchor.top - GAP_PX - EDGE_PX;
  return size.height <= below || below >= over
    ? { left, top: anchor.bottom + GAP_PX, heightMax: Math.max(0, below) }
    : { left, above: window.height - anchor.top + GAP_PX, heightMax: Math.max(0, over) };
}

/**
 * A pop-up at an element: one at a time; Escape, a click outside, or its anchor going away close it, and the
 * keyboard focus goes back to where it was.
 */
export abstract class PopUp extends ReactWidget {
  constructor(options: PopUp.IOptions) {
    super();
    this._anchor = options.anchor;
    this._width = options.width;
    this._focusBack = document.activeElement;
    this.addClass('jp-ArgonPopUp');
    this.addClass('jp-ThemedContainer');
    this.node.style.width = `min(${options.width}px, 100vw - ${2 * EDGE_PX}px)`;
  }

  /** Shows it, in place of any other. Where it is open at the same anchor already, it closes: a second click. */
  static show(popUp: PopUp): void {
    const { current } = Private;
    if (current !== undefined && popUp._anchor !== undefined && current._anchor === popUp._anchor) {
      current.leave();
      popUp.dispose();
      return;
    }
    current?.close();
    Private.current = popUp;
    Widget.attach(popUp, document.body);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._stopListening();
    if (Private.current === this) {
      Private.current = undefined;
    }
    super.dispose();
  }

  /** Closes it and gives the focus back. */
  protected leave(): void {
    const back = this._focusBack;
    this.close();
    if (back instanceof HTMLElement && back.isConnected) {
      back.focus();
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    document.addEventListener('pointerdown', this._onPointerDown, true);
    document.addEventListener('scroll', this._onScroll, true);
    window.addEventListener('resize', this._place);
    // What it shows is drawn a moment later, and again when it changes.
    this._sizes = new ResizeObserver(this._place);
    this._sizes.observe(this.node);
    this._place();
  }

  protected override onBeforeDetach(msg: Message): void {
    this._stopListening();
    super.onBeforeDetach(msg);
  }

  protected override onCloseRequest(): void {
    this.dispose();
  }

  private _stopListening(): void {
    document.removeEventListener('pointerdown', this._onPointerDown, true);
    document.removeEventListener('scroll', this._onScroll, true);
    window.removeEventListener('resize', this._place);
    this._sizes?.disconnect();
  }

  private readonly _place = (): void => {
    if (this._anchor?.isConnected === false) {
      return; // What it belonged to was drawn anew: it stays where it is.
    }
    const box = this._anchor?.getBoundingClientRect();
    const { style } = this.node;
    if (box === undefined || box.width === 0) {
      style.left = `max(${EDGE_PX}px, 50% - ${this._width / 2}px)`;
      style.top = '80px';
      style.maxHeight = `calc(100% - 80px - ${EDGE_PX}px)`;
      return;
    }
    const size = { width: this.node.offsetWidth, height: this.node.scrollHeight };
    const place = placeAt(box, size, { width: window.innerWidth, height: window.innerHeight });
    style.left = `${place.left}px`;
    style.top = place.top === undefined ? '' : `${place.top}px`;
    style.bottom = place.above === undefined ? '' : `${place.above}px`;
    style.maxHeight = `${place.heightMax}px`;
  };

  /** It stays at its anchor; when the anchor is scrolled out of the window, there is nothing to stay at. */
  private readonly _onScroll = (event: Event): void => {
    if (event.target instanceof Node && this.node.contains(event.target)) {
      return;
    }
    const box = this._anchor?.getBoundingClientRect();
    if (box !== undefined && (box.width === 0 || box.bottom < 0 || box.top > window.innerHeight)) {
      this.close();
    } else {
      this._place();
    }
  };

  private readonly _onPointerDown = (event: PointerEvent): void => {
    const isMine = [this.node, this._anchor].some(
      element => event.target instanceof Node && element?.contains(event.target)
    );
    if (!isMine) {
      this.close();
    }
  };

  private readonly _anchor: HTMLElement | undefined;
  private readonly _width: number;
  private readonly _focusBack: Element | null;
  private _sizes: ResizeObserver | undefined;
}

/** Types of `PopUp`. */
export namespace PopUp {
  export interface IOptions {
    /** Element it opens at; the middle of the window without one. */
    readonly anchor: HTMLElement | undefined;
    /** In pixels. */
    readonly width: number;
  }
}

/** What only this module needs. */
namespace Private {
  /** The pop-up that is open: one at a time. */
  export let current: PopUp | undefined;
}
