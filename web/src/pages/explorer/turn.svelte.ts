// One tab of a browser watches at a time: the one that began last. When it ends, one that waits takes over.

const LOCK = 'millrace-tail';

export class Turn {
  /** Whether another tab took it, and this one waits. */
  elsewhere = $state(false);

  /** Does the work while it is this tab's turn, until the signal. */
  async take(work: (signal: AbortSignal) => Promise<void>, ended: AbortSignal): Promise<void> {
    this.elsewhere = false;
    // Over plain HTTP from another machine there are no locks.
    if (!navigator.locks) return work(ended);
    for (let how: LockOptions = { steal: true }; !ended.aborted; how = { signal: ended }) {
      const stolen = new AbortController();
      const hold = () => {
        this.elsewhere = false;
        return work(AbortSignal.any([ended, stolen.signal]));
      };
      await navigator.locks.request(LOCK, how, hold).catch((error: unknown) => {
        // It was taken, or is not wanted any more.
        if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
      });
      stolen.abort();
      this.elsewhere = !ended.aborted;
    }
  }
}
