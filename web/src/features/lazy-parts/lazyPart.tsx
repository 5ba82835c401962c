/**
 * A dialog or panel whose code is loaded after the first view of the page.
 *
 * Code that cannot be loaded, or that throws while it renders, takes down only its own part: a dialog says so.
 */
import { Component, type ComponentType, type ReactNode, useEffect } from 'react';
import { checkBuild } from '@/features/page-build/pageBuild';
import { loadLaterMessages } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { PartDialog } from './PartDialog';
import { createPartLoader, type PartLoader } from './partLoader';

interface Options<Props> {
  importPart: () => Promise<ComponentType<Props>>;
  /** Whether the person sees the part, or waits for it. By default, whenever it is rendered. */
  isOpen?: (props: Props) => boolean;
  /** Closes the part. Without it, the part cannot be closed. */
  close?: (props: Props) => void;
  /** Takes the place of the part while its code is missing. By default, a dialog says so. */
  Fallback?: ComponentType<Props>;
  /** Whether the code is loaded before the part is rendered: the route shows nothing else. */
  loadAtOnce?: boolean;
}

const loaders: PartLoader<unknown>[] = [];

/** Return the loader of each part that the current route defines. */
export function partLoaders(): readonly PartLoader<unknown>[] {
  return loaders;
}

export function lazyPart<Props extends object>({
  importPart,
  isOpen,
  close,
  Fallback,
  loadAtOnce = false,
}: Options<Props>): ComponentType<Props> {
  const loader = createPartLoader(async () => {
    const [part] = await Promise.all([importPart(), loadLaterMessages()]);
    return part;
  });
  loaders.push(loader);
  const loadPart = async () => {
    // The code of an earlier build may be gone.
    if (!(await loader.load())) void checkBuild();
  };
  if (loadAtOnce && typeof window !== 'undefined') void loadPart();
  return function LazyPart(props: Props) {
    const state = useStore(loader.state);
    useEffect(() => void loadPart(), []);
    const fallback = Fallback && <Fallback {...props} />;
    const dialog = { ...(close && { onDismiss: () => close(props) }), hidden: !(isOpen?.(props) ?? true) };
    if (state.status === 'loaded') {
      const Part = state.value;
      return (
        <PartBoundary
          renderFailure={(onRetry) => fallback ?? <PartDialog kind="crashed" onRetry={onRetry} {...dialog} />}
        >
          <Part {...props} />
        </PartBoundary>
      );
    }
    if (fallback) return fallback;
    return (
      <PartDialog
        kind={state.status === 'failed' ? 'not loaded' : 'loading'}
        onRetry={() => void loadPart()}
        {...dialog}
      />
    );
  };
}

interface BoundaryProps {
  renderFailure: (retry: () => void) => ReactNode;
  children: ReactNode;
}

class PartBoundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.renderFailure(() => this.setState({ failed: false })) : this.props.children;
  }
}
