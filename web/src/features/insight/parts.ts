/** The Insight page. Its code and its texts are loaded on its route only. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';
import { addMessages } from '@/ui/messages';

const TEXTS = {
  en: () => import('@/catalog/en.insight.json'),
  de: () => import('@/catalog/de.insight.json'),
};

export const InsightPage = lazyPart({
  importPart: async () => {
    const [module] = await Promise.all([import('./InsightPage'), addMessages(TEXTS)]);
    return module.InsightPage;
  },
});
