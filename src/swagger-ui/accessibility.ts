/** Attributes that Swagger UI lacks for screen readers and for the keyboard. */
const amendments: readonly [selector: string, amend: (element: Element) => void][] = [
  ['#servers', createLabelAmendment('Server')],
  ['select.examples-select-element', createLabelAmendment('Example')],
  ['textarea.body-param__text', createLabelAmendment('Request body')],
  ['button.close-modal', createLabelAmendment('Close')],
  ['input.operation-filter-input', createLabelAmendment('Filter by tag or path')],
  // An element that scrolls must be reachable with the keyboard (WCAG 2.1.1).
  [
    'pre.microlight',
    (element) => {
      if (element.scrollHeight > element.clientHeight || element.scrollWidth > element.clientWidth) {
        element.setAttribute('tabindex', '0');
      }
    },
  ],
  // Interactive elements must not be nested. The button also sets the page's address to that of the operation.
  [
    'button.opblock-summary-control a[href]',
    (element) => {
      element.removeAttribute('href');
    },
  ],
];

/** Amends the elements that are there, and those that Swagger UI adds later. */
export function amendSwaggerUi(root: Element): void {
  let dialog: Element | null = null;
  let opener: Element | null = null;
  root.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element && !target.closest('.modal-ux')) opener = target;
  });
  const amend = (): void => {
    for (const [selector, change] of amendments) root.querySelectorAll(selector).forEach(change);
    const shown = root.querySelector('.modal-ux');
    if (shown === dialog) return;
    dialog = shown;
    if (shown) openDialog(shown);
    else focus(opener);
  };
  new MutationObserver(amend).observe(root, { childList: true, subtree: true });
  amend();
}

function openDialog(dialog: Element): void {
  dialog.setAttribute('role', 'dialog');
  dialog.setAttribute('aria-modal', 'true');
  dialog.setAttribute('aria-label', dialog.querySelector('h3')?.textContent ?? '');
  const close = dialog.querySelector('button.close-modal');
  // The first field, if there is a form.
  focus(dialog.querySelector('form')?.querySelector('input') ?? close);
  dialog.addEventListener('keydown', (event) => {
    if ((event as KeyboardEvent).key === 'Escape' && close instanceof HTMLElement) close.click();
  });
}

function focus(element: Element | null): void {
  if (element instanceof HTMLElement) element.focus();
}

function createLabelAmendment(text: string): (element: Element) => void {
  return (element) => {
    element.setAttribute('aria-label', text);
  };
}
