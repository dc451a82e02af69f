/** Whether what has the focus takes letters and arrows itself: fields, charts, what scrolls, and all that is open above the page. */
export function takesKeys(target: EventTarget | null): boolean {
  const own =
    'input, textarea, select, [contenteditable], [role=slider], [role=listbox], [role=menu], [role=region][tabindex], [popover], dialog';
  return target instanceof Element && target.closest(own) !== null;
}

/** Whether somebody presses something of the page just now: a drag over a chart would be lost if it were drawn anew. */
export const isPressed = (): boolean => document.querySelector('main :active') !== null;
