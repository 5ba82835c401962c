/** Loads the English texts before the tests of each file, as the page does before it mounts. */
import { loadMessages } from '@/ui/messages';

await loadMessages('en');
