/** The Insight page. Its code, its texts and its figures are loaded on its route only, all at the same time. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';
import { addMessages } from '@/ui/messages';
import { startFirstFigures } from './fetchFigures';

const TEXTS = {
  en: () => import('@/catalog/en.insight.json'),
  de: () => import('@/catalog/de.insight.json'),
};

export const InsightPage = lazyPart({
  importPart: async () => {
    const [module] = await Promise.all([import('./InsightPage'), addMessages(TEXTS)]);
    return module.InsightPage;
  },
  loadAtOnce: true,
});

if (typeof window !== 'undefined') startFirstFigures(window.location.search);
