import german from '../../messages/de.json';
import english from '../../messages/en.json';
import { SessionGate } from '@/features/identity/SessionGate';
import { MessagesGate } from '@/features/language/MessagesGate';
import { PageSkeleton } from '@/features/tasks-page/PageSkeleton';
import { TasksPage } from '@/features/tasks-page/TasksPage';
import { EARLY_KEYS_SCRIPT } from './earlyKeysScript';
import { LANGUAGE_SCRIPT } from './languageScript';

/** The texts of the search field. The export cannot know the language of the person, so it contains each of them. */
const SEARCH_TEXTS = { en: english.search.placeholder, de: german.search.placeholder };

/** The exported HTML contains the skeleton. The browser replaces it when it has read the URL. */
export default function Page() {
  const skeleton = <PageSkeleton searchTexts={SEARCH_TEXTS} />;
  return (
    <>
      <title>Millitask</title>
      <script dangerouslySetInnerHTML={{ __html: LANGUAGE_SCRIPT + EARLY_KEYS_SCRIPT }} />
      <MessagesGate fallback={skeleton}>
        <SessionGate fallback={skeleton}>
          <TasksPage />
        </SessionGate>
      </MessagesGate>
    </>
  );
}
