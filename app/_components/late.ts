import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/**
 * A part of a page whose code comes when it is first needed. Where the connection is down the code is asked for again until it comes, and the
 * `Suspense` around it waits: a page at work must not stop over a part that cannot be loaded now.
 */
export function late<P>(load: () => Promise<{ default: ComponentType<P> }>): LazyExoticComponent<ComponentType<P>> {
  return lazy(() => insist(load));
}

async function insist<T>(load: () => Promise<T>): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ChunkLoadError')) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
