/** A text as it was typed, in the shape in which Markdown shows a text without any syntax. */
export function PlainText({ text }: { text: string }) {
  return paragraphs(text).map((paragraph, i) => (
    <p key={i} dir="auto">
      {paragraph}
    </p>
  ));
}

/** Return the paragraphs of a text, which blank lines separate. */
function paragraphs(text: string): string[] {
  return text
    .split(/\r?\n(?:[^\S\n]*\r?\n)+/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean);
}
