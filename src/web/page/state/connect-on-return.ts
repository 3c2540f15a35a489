import { lost, retryNow } from './connection.ts';

/** Coming back to the tab, or back online, does not wait for the pause to end. */
export function connectOnReturn(): void {
  const retry = (): void => {
    if (document.visibilityState === 'visible') retryNow();
  };
  addEventListener('online', retry);
  addEventListener('offline', () => lost());
  document.addEventListener('visibilitychange', retry);
}
