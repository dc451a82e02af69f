// Descriptions as the API writes them: paragraphs, and names in backticks. Swagger UI puts words of its own in italics:
// `<i>Example</i> : 5s`.

/** The paragraphs of a text; in each, every second piece is a name. */
export function paragraphs(text: string): string[][] {
  return text
    .replace(/^<i>(.*?)<\/i>/, '$1')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().split('`'))
    .filter((pieces) => pieces.some((piece) => piece !== ''));
}
