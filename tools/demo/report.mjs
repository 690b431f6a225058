// What a run should have measured, and the table that says whether it did. Pure.
//
//   const bounds = expectedTimes({ intervalMs: 1000, timeoutMs: 0, toleratedFailures: 3, ttlMs: 5000 });
//   renderTable([within('detected', 3412, bounds.detection, 'N*I+T .. (N+1)*I+T')]);

// How late a measurement may come on a busy machine of two cores, and how early by the clock's grain.
export const slackLateMs = 750;
export const slackEarlyMs = 100;
// The SDK's fixed pause between two attempts to connect.
export const sdkRetryMs = 1000;

// The arithmetic of Traffic Manager's documentation (endpoint failover): probes start every I; an endpoint is
// left out when more than N in a row failed, each after T (0 when refused, the probe's timeout when silent).
export function expectedTimes({ intervalMs, failedProbeMs, toleratedFailures, ttlMs }) {
  const detection = {
    minMs: toleratedFailures * intervalMs + failedProbeMs,
    maxMs: (toleratedFailures + 1) * intervalMs + failedProbeMs,
  };
  return {
    detection,
    // Answers given just before detection are kept for one more TTL.
    lastAnswer: { minMs: 0, maxMs: detection.maxMs + ttlMs },
    // A client finds the new answer at its first attempt after that.
    reconnect: { minMs: detection.minMs, maxMs: detection.maxMs + ttlMs + sdkRetryMs },
    recovery: { minMs: 0, maxMs: intervalMs },
  };
}

// A row whose measurement must lie within the bounds, give or take the slack.
export function within(what, measuredMs, { minMs, maxMs }, formula) {
  const ok = Number.isFinite(measuredMs) && measuredMs >= minMs - slackEarlyMs && measuredMs <= maxMs + slackLateMs;
  const range = minMs > 0 ? `${seconds(minMs)} .. ${seconds(maxMs)}` : `<= ${seconds(maxMs)}`;
  return { what, measured: seconds(measuredMs), expected: `${range}  ${formula}`, ok, measuredMs, minMs, maxMs };
}

// A row that is true or not.
export function holds(what, ok, measured, expected) {
  return { what, measured, expected, ok };
}

// A row that only tells.
export function told(what, measured, expected = '') {
  return { what, measured, expected, ok: null };
}

export function seconds(ms) {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : 'never';
}

export function median(values) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// What a receiver lacks of the numbers 1, 2, 3, ...: received numbers in order of arrival, and the holes
// between them as {from, to}. `disorder` counts those that came twice or late.
export function holesIn(numbers) {
  const holes = [];
  let disorder = 0;
  let last = numbers.length > 0 ? numbers[0] - 1 : 0;
  for (const number of numbers) {
    if (number <= last) {
      ++disorder;
      continue;
    }
    if (number > last + 1) holes.push({ from: last + 1, to: number - 1 });
    last = number;
  }
  return { holes, disorder, missed: holes.reduce((sum, hole) => sum + hole.to - hole.from + 1, 0) };
}

export function passed(rows) {
  return rows.every((row) => row.ok !== false);
}

const verdict = (ok) => (ok === null ? '-' : ok ? 'PASS' : 'FAIL');

export function renderTable(rows, paint = (text) => text) {
  const head = { what: 'TIMELINE', measured: 'MEASURED', expected: 'EXPECTED' };
  const width = (field) => Math.max(...[head, ...rows].map((row) => row[field].length));
  const [what, measured, expected] = ['what', 'measured', 'expected'].map(width);
  const line = (row, last) =>
    `${row.what.padEnd(what)}  ${row.measured.padStart(measured)}  ${row.expected.padEnd(expected)}  ${last}`.trimEnd();
  return [line(head, ''), ...rows.map((row) => line(row, paint(verdict(row.ok), row.ok)))].join('\n');
}
