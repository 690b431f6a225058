// Waiting for things to happen, never for time to pass: every wait has a deadline and says what it waited for.
//
//   const events = new EventLog();
//   events.add({ kind: 'verdict', to: 'Degraded', at: now() });
//   await events.first((event) => event.kind === 'verdict', { what: 'a verdict', withinMs: 5000 });

// CLOCK_MONOTONIC, milliseconds: on Linux one clock for all processes of the machine, so times taken in the
// client processes can be compared with ours.
export const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

export class DeadlineError extends Error {}

// Rejects with a DeadlineError when `promise` has not settled in time.
export function withDeadline(promise, what, withinMs) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`waited ${(withinMs / 1000).toFixed(1)} s for ${what}`)), withinMs);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

// Events in the order in which they were added, and those who wait for one. Grows with the run, so runs are
// bounded: past the limit the oldest leave.
export class EventLog {
  static eventsMax = 100_000;

  #events = [];
  #waiters = new Set();

  add(event) {
    this.#events.push(event);
    if (this.#events.length > EventLog.eventsMax) this.#events.shift();
    for (const waiter of [...this.#waiters]) waiter(event);
  }

  // Ends every wait with this error: the source of the events is gone.
  fail(error) {
    for (const waiter of [...this.#waiters]) waiter(null, error);
  }

  all(matches) {
    return this.#events.filter(matches);
  }

  // The first event, past ones included, that matches.
  first(matches, { what, withinMs }) {
    const past = this.#events.find(matches);
    if (past !== undefined) return Promise.resolve(past);
    let waiter;
    const found = new Promise((resolve, reject) => {
      waiter = (event, error) => {
        if (error) reject(error);
        else if (matches(event)) resolve(event);
      };
      this.#waiters.add(waiter);
    });
    return withDeadline(found, what, withinMs).finally(() => this.#waiters.delete(waiter));
  }
}
