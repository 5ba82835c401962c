/** Renders the tokens of markdown-it as React elements. No text becomes HTML, and only the elements named here can appear. */
import type { Token } from 'markdown-it';
import { createElement, Fragment, type ReactElement, type ReactNode } from 'react';
import { STATUS_LABELS } from '@/features/tasks/labels';
import { linkTarget, parseLink, withoutBidiControls } from './safeLink';

const ELEMENTS: Record<string, string> = {
  paragraph_open: 'p',
  blockquote_open: 'blockquote',
  bullet_list_open: 'ul',
  ordered_list_open: 'ol',
  list_item_open: 'li',
  em_open: 'em',
  strong_open: 'strong',
  s_open: 'del',
};
/** The title of the drawer is a heading of the second level. */
const HEADINGS: Record<string, string> = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' };

/** An element whose end has not been reached yet. */
interface OpenElement {
  token: Token | undefined;
  children: ReactNode[];
  /** The text inside. */
  text: string;
}

export function renderTokens(tokens: readonly Token[]): ReactElement {
  const root: OpenElement = { token: undefined, children: [], text: '' };
  const open: OpenElement[] = [];
  for (const token of tokens) {
    if (token.nesting === 1) {
      open.push({ token, children: [], text: '' });
      continue;
    }
    const closed = token.nesting === -1 ? open.pop() : undefined;
    const parent = open.at(-1) ?? root;
    if (closed) {
      parent.children.push(...renderElement(closed, open.length));
      parent.text += closed.text;
    } else {
      const inLink = open.some((element) => element.token?.type === 'link_open');
      parent.children.push(renderLeaf(token, inLink));
      parent.text += token.content;
    }
  }
  // Children as arguments need no keys.
  return createElement(Fragment, null, ...root.children);
}

/** Return an element, or only its children if it is hidden or unknown. */
function renderElement({ token, children, text }: OpenElement, depth: number): ReactNode[] {
  if (!token || token.hidden) return children;
  if (token.type === 'link_open') return [renderLink(String(token.attrGet('href')), text, children)];
  const element = token.type === 'heading_open' ? HEADINGS[token.tag] : ELEMENTS[token.type];
  if (!element) return children;
  const start = element === 'ol' ? Number(token.attrGet('start') ?? 1) : undefined;
  return [createElement(element, { dir: token.block && depth === 0 ? 'auto' : undefined, start }, ...children)];
}

function renderLink(address: string, text: string, children: ReactNode[]): ReactNode {
  const url = parseLink(address);
  if (!url) return createElement(Fragment, null, ...children);
  const target = linkTarget(withoutBidiControls(text), url);
  return (
    <>
      {createElement('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow ugc' }, ...children)}
      {target !== undefined && createElement('bdi', null, ` (${target})`)}
    </>
  );
}

function renderLeaf({ type, content, children, meta }: Token, inLink: boolean): ReactNode {
  switch (type) {
    case 'inline':
      return renderTokens(children ?? []);
    case 'softbreak':
    case 'hardbreak':
      return <br />;
    case 'code_inline':
      return <code>{content}</code>;
    case 'fence':
      return (
        <pre dir="auto">
          <code>{content}</code>
        </pre>
      );
    case 'task_mark': {
      const label = meta?.['done'] ? STATUS_LABELS.DONE : STATUS_LABELS.TODO;
      return <input type="checkbox" disabled checked={meta?.['done'] === true} readOnly aria-label={label} />;
    }
    default:
      return inLink ? withoutBidiControls(content) : content;
  }
}
