/** Shows a text in which people may use Markdown. Until the parser is loaded, or without it, the text is plain. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';
import { hasMarkdown } from './hasMarkdown';
import styles from './MarkdownText.module.css';
import { PlainText } from './PlainText';

const FormattedText = lazyPart({
  importPart: () => import('./FormattedText').then((module) => module.FormattedText),
  Fallback: PlainText,
});

export function MarkdownText({ text }: { text: string }) {
  return (
    <div className={styles.text}>{hasMarkdown(text) ? <FormattedText text={text} /> : <PlainText text={text} />}</div>
  );
}
