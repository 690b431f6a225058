// The demo's arithmetic and its waiting.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeadlineError, EventLog } from '../../tools/demo/events.mjs';
import { expectedTimes, holds, holesIn, median, passed, renderTable, slackLateMs, told, within } from '../../tools/demo/report.mjs';

describe('expected times', () => {
  test('AreTrafficManagersForItsDefaults', () => {
    const azure = { intervalMs: 30_000, toleratedFailures: 3, ttlMs: 90_000 };
    const refused = expectedTimes({ ...azure, failedProbeMs: 0 });
    assert.deepEqual(refused.detection, { minMs: 90_000, maxMs: 120_000 });
    assert.equal(refused.lastAnswer.maxMs, 210_000);
    const silent = expectedTimes({ ...azure, failedProbeMs: 10_000 });
    assert.deepEqual(silent.detection, { minMs: 100_000, maxMs: 130_000 });
    assert.equal(silent.lastAnswer.maxMs, 220_000);
  });

  test('FailARowOutsideThemOrWithoutAMeasurement', () => {
    const bounds = { minMs: 3000, maxMs: 4000 };
    assert.equal(within('x', 3500, bounds, '').ok, true);
    assert.equal(within('x', 4000 + slackLateMs + 1, bounds, '').ok, false);
    assert.equal(within('x', 2000, bounds, '').ok, false);
    assert.equal(within('x', NaN, bounds, '').ok, false);
  });
});

describe('holes', () => {
  test('AreCountedBetweenWhatArrived', () => {
    assert.deepEqual(holesIn([1, 2, 3]), { holes: [], disorder: 0, missed: 0 });
    assert.deepEqual(holesIn([4, 5, 9, 10]), { holes: [{ from: 6, to: 8 }], disorder: 0, missed: 3 });
    assert.deepEqual(holesIn([1, 2, 2, 1, 3]), { holes: [], disorder: 2, missed: 0 });
    assert.deepEqual(holesIn([]), { holes: [], disorder: 0, missed: 0 });
  });
});

test('MedianIsTheMiddle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('TheTableNamesWhatFailed', () => {
  const rows = [told('a', '1'), holds('b', true, 'yes', 'yes'), holds('c', false, 'no', 'yes')];
  assert.equal(passed(rows), false);
  assert.equal(passed(rows.slice(0, 2)), true);
  assert.match(renderTable(rows), /^c +no +yes +FAIL$/m);
});

describe('an event log', () => {
  test('FindsWhatCameBeforeAndWhatComesAfter', async () => {
    const log = new EventLog();
    log.add({ n: 1 });
    assert.deepEqual(await log.first(({ n }) => n === 1, { what: '1', withinMs: 1 }), { n: 1 });
    const later = log.first(({ n }) => n === 2, { what: '2', withinMs: 5000 });
    log.add({ n: 2 });
    assert.deepEqual(await later, { n: 2 });
  });

  test('SaysWhatItWaitedFor', async () => {
    await assert.rejects(new EventLog().first(() => false, { what: 'the moon', withinMs: 1 }),
      (error) => error instanceof DeadlineError && /for the moon/.test(error.message));
  });

  test('EndsWaitsWhenTheSourceIsGone', async () => {
    const log = new EventLog();
    const waiting = log.first(() => true, { what: 'x', withinMs: 5000 });
    log.fail(new Error('gone'));
    await assert.rejects(waiting, /gone/);
  });
});
