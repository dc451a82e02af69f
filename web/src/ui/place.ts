// Where a popover stands beside its button: below it, or above where there is more room. Pure.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Place {
  left: number;
  top: number;
  maxHeight: number;
}

const GAP = 6;
const EDGE = 8;

export function place(button: Box, content: Size, window: Size, align: 'start' | 'end'): Place {
  const below = window.height - button.bottom - GAP - EDGE;
  const above = button.top - GAP - EDGE;
  const up = content.height > below && above > below;
  const maxHeight = Math.max(0, up ? above : below);
  const height = Math.min(content.height, maxHeight);
  const left = align === 'end' ? button.right - content.width : button.left;
  return {
    left: Math.max(EDGE, Math.min(left, window.width - content.width - EDGE)),
    top: up ? button.top - GAP - height : button.bottom + GAP,
    maxHeight,
  };
}
