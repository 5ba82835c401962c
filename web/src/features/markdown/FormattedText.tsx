/** A text with Markdown, as elements. A text that is too complex is shown as it was typed. */
import { useMemo } from 'react';
import { PlainText } from './PlainText';
import { parseMarkdown } from './parseMarkdown';
import { renderTokens } from './renderTokens';

export function FormattedText({ text }: { text: string }) {
  const elements = useMemo(() => {
    const tokens = parseMarkdown(text);
    return tokens && renderTokens(tokens);
  }, [text]);
  return elements ?? <PlainText text={text} />;
}
