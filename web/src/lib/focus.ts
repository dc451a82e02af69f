/** Whether what has the focus takes letters and arrows itself: fields, charts, and all that is open above the page. */
export function takesKeys(target: EventTarget | null): boolean {
  const own =
    'input, textarea, select, [contenteditable], [role=slider], [role=listbox], [role=menu], [popover], dialog';
  return target instanceof Element && target.closest(own) !== null;
}
