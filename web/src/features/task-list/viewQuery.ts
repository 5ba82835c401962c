/** A view as the URL writes it, without the place in the list: what a saved view keeps. */
import { createLoader, createSerializer } from 'nuqs';
import { filterParsers, type SetView, type View } from './taskView';

type FilterName = keyof typeof filterParsers;

const serialize = createSerializer(filterParsers);
const load = createLoader(filterParsers);

/** Return the filters, the status and the order of a view, such as `?status=TODO&label=bug`. Empty for all tasks. */
export function queryOf(view: Pick<View, FilterName>): string {
  const names = Object.keys(filterParsers) as FilterName[];
  return serialize(Object.fromEntries(names.map((name) => [name, view[name]])));
}

/** Show the view. It ends a search. */
export function openQuery(query: string, setView: SetView): void {
  void setView({ ...load(query), q: null, row: null }, { history: 'push' });
}
