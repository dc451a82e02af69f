// What Swagger UI does otherwise here.
import { paragraphs } from './text';

type Component<P = never> = (properties: P) => unknown;

/** What of Swagger UI this needs. */
interface System {
  React: { createElement: (tag: string, properties: object | null, ...children: unknown[]) => unknown };
}

/** Replaces components by their names, whatever others have made of them. */
export interface Plugin {
  wrapComponents: Record<string, (original: Component, system: System) => Component>;
}

export const ours: Plugin = {
  wrapComponents: {
    // Swagger UI would make HTML of descriptions, which the page's policy forbids: they are rendered as text.
    Markdown:
      (_, { React: { createElement } }) =>
      ({ source }: { source?: string }) =>
        createElement(
          'div',
          { className: 'markdown' },
          ...paragraphs(source ?? '').map((pieces) =>
            createElement(
              'p',
              null,
              ...pieces.map((piece, place) => (place % 2 ? createElement('code', null, piece) : piece)),
            ),
          ),
        ),
    // It stands inside of the button that opens the operation, and would do the same.
    DeepLink:
      (_, { React: { createElement } }) =>
      ({ text }: { text: unknown }) =>
        createElement('span', null, text),
  },
};
