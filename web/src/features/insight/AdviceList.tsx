/** What the service advises from the last 7 days. */
import { t } from '@/ui/messages';
import { wordAdvice } from './adviceText';
import chartStyles from './Chart.module.css';
import styles from './Insight.module.css';
import { topicLabel } from './names';
import type { Figures } from './useInsight';

export function AdviceList({ advice }: { advice: Figures['advice'] }) {
  const known = advice.filter(({ enoughData }) => enoughData);
  // Without enough data, the texts say what is missing.
  const shown = known.length > 0 ? known : advice;
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="insight-advice" className={styles.section}>
      <h2 id="insight-advice">{t('insight.section.advice')}</h2>
      <p className={chartStyles.hint}>{t('insight.adviceHint')}</p>
      <dl className={styles.advice}>
        {shown.map((each) => {
          const { sentences, lang } = wordAdvice(each);
          return (
            <div key={each.topic}>
              <dt>{topicLabel(each.topic)}</dt>
              {sentences.map((sentence, index) => (
                <dd key={index} dir="auto" lang={lang}>
                  {sentence}
                </dd>
              ))}
            </div>
          );
        })}
      </dl>
    </section>
  );
}
