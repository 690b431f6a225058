// The story the demo plays, step by step, and the rows of its timeline. Everything is awaited by its event;
// no step waits for time to pass.
//
//   const story = new Story(cluster, settings, output);
//   try { await story.play(); } finally { await story.end(); }

import net from 'node:net';
import { now } from './events.mjs';
import { Player } from './player.mjs';
import { expectedTimes, holds, holesIn, median, sdkRetryMs, seconds, told, within } from './report.mjs';

export const resourceName = 'contoso';
export const regions = { primary: 'eastus', replicas: ['westus', 'westeurope'] };
const dead = regions.primary;
const primaryObject = `resources/${resourceName}`;
const hub = 'demo';
const group = 'lobby';
const greetings = 20;          // Each way, for the latency across replicas.
const streamPeriodMs = 200;
const patienceMs = 15_000;     // For what takes no time by the formula.
const showingPeriodMs = 100;   // Of the status line.

const isListening = (address) => new Promise((resolve) => {
  const [, host, port] = /^(.*):(\d+)$/.exec(address);
  const socket = net.connect({ host, port: Number(port), timeout: 1000 });
  const end = (answer) => { socket.destroy(); resolve(answer); };
  socket.once('connect', () => end(true));
  socket.once('error', () => end(false));
  socket.once('timeout', () => end(false));
});

export class Story {
  rows = [];
  #players = [];
  #watch = null;
  #controlplaneDead = [];
  #spoken = new Set();  // Events already told.

  constructor(cluster, settings, output) {
    this.cluster = cluster;
    this.settings = settings;
    this.output = output;
    this.hang = settings.mode === 'hang';
    this.times = expectedTimes({
      intervalMs: settings.probeIntervalMs,
      failedProbeMs: this.hang ? settings.probeTimeoutMs : 0,
      toleratedFailures: settings.toleratedFailures,
      ttlMs: settings.ttlMs,
    });
    this.hostName = cluster.resource(resourceName).hostName;
  }

  async play() {
    this.#watch = this.cluster.watch();
    await this.#whereNamesLead();
    await this.#clientsConnect();
    await this.#talkAcross();
    await this.#killControlplane();
    await this.#cutRegion();
    await this.#detection();
    if (this.hang) await this.#newClientFindsAnother();
    else await this.#clientMoves();
    await this.#regionReturns();
    await this.#newClientLandsThere();
    await this.#count();
  }

  async end() {
    this.output.status('');
    this.#watch?.stop();
    await Promise.all(this.#players.map((player) => player.stop()));
  }

  // ---- Steps

  async #whereNamesLead() {
    this.output.step(`Where does ${this.hostName} lead?`);
    for (const region of [dead, ...regions.replicas]) {
      const answer = await this.cluster.json('resolve', this.hostName, '--from', region);
      this.output.line(`from ${region.padEnd(10)} -> ${answer.cname} ${answer.address} (TTL ${this.settings.ttlMs / 1000} s)`);
      const here = this.cluster.instance(resourceName, region);
      if (answer.address !== here.address) {
        throw new Error(`near ${region} the resolver answers ${answer.address}, not ${here.address}`);
      }
    }
  }

  async #clientsConnect() {
    this.output.step('Two clients with the unmodified npm SDK connect by that name');
    this.a = this.#start('A', dead);
    this.b = this.#start('B', 'westeurope');
    await Promise.all([this.a.joined(), this.b.joined()]);
    for (const player of [this.a, this.b]) this.rows.push(this.#landed(player, player.region));
  }

  async #talkAcross() {
    this.output.step('They talk to each other across replicas');
    for (const [from, to] of [[this.a, this.b], [this.b, this.a]]) {
      for (let i = 1; i <= greetings; ++i) {
        const text = `hello ${i} from ${from.name}`;
        from.tell({ command: 'send', text });
        await to.wait('message', (event) => event.text === text, `"${text}"`, patienceMs);
      }
      const latencies = to.of('message').map((event) => event.latencyMs);
      this.output.line(`${from.name} -> ${to.name}: ${greetings} messages, median ${median(latencies).toFixed(1)} ms`);
      this.rows.push(told(`message ${from.name} (${from.region}) -> ${to.name} (${to.region}), median of ${greetings}`,
        `${median(latencies).toFixed(1)} ms`));
    }
    this.output.line(`B now sends a numbered message every ${streamPeriodMs} ms`);
    this.b.tell({ command: 'stream', periodMs: streamPeriodMs });
    await this.a.wait('message', (event) => event.number >= 5, 'the numbered messages', patienceMs);
    // A connection is usually older than the TTL: then its first attempt after the outage asks afresh, gets
    // the dead address once more, and keeps that for a whole TTL. The clock is the stream of messages.
    const asked = this.a.last('lookup');
    const runsOut = asked.at + asked.remaining * 1000;
    await this.a.wait('message', (event) => event.at > runsOut, 'its first answer to run out', this.settings.ttlMs + patienceMs);
    this.output.line(`A has been connected for longer than the TTL`);
  }

  async #killControlplane() {
    this.output.step('The control plane is killed, and stays dead');
    await this.cluster.nonet('fault', 'kill', 'controlplane', '--hold');
    await this.#controlplaneIsDead();
    this.output.line('nothing listens at its address any more');
  }

  async #cutRegion() {
    this.output.step(`${dead} is cut off (nonet fault region-down ${dead} --mode ${this.settings.mode})`);
    this.connectionBefore = this.a.last('connected').connectionId;
    const address = this.cluster.instance(resourceName, dead).address;
    this.deadAddress = address;
    const closed = this.a.wait('socketClosed', (event) => event.remoteAddress === address, 'losing its socket', patienceMs);
    await this.cluster.nonet('fault', 'region-down', dead, '--mode', this.settings.mode);
    this.cutAt = (await closed).at;
    this.output.line("A's socket broke: the clock starts");
  }

  async #detection() {
    const { events } = this.#watch;
    const withinMs = this.times.detection.maxMs + patienceMs;
    const failed = (event) => event.kind === 'probe' && !event.success && this.#isSinceTheCut(event);
    const degraded = (event) => event.kind === 'verdict' && event.to === 'Degraded' && this.#isSinceTheCut(event);
    const showing = setInterval(() => {
      for (const event of events.all((each) => failed(each) && !this.#spoken.has(each))) {
        this.#spoken.add(event);
        this.output.line(`probe of ${dead} failed: ${event.detail} ` +
          `(${event.consecutiveFailures} in a row, ${this.settings.toleratedFailures} tolerated)`);
      }
      this.#tellQuestions();
    }, showingPeriodMs);
    try {
      const first = await events.first(failed, { what: `a failed probe of ${dead}`, withinMs });
      const verdict = await events.first(degraded, { what: `${dead} to be found Degraded`, withinMs });
      this.detectedAt = verdict.at;
      const failedProbeMs = this.hang ? this.settings.probeTimeoutMs : 0;
      this.rows.push(within(`${dead} cut -> first failed probe`, first.at - this.cutAt,
        { minMs: 0, maxMs: this.settings.probeIntervalMs + failedProbeMs }, 'I + T'));
      this.rows.push(within(`${dead} cut -> Degraded`, verdict.at - this.cutAt, this.times.detection, 'N*I + T .. (N+1)*I + T'));
    } finally {
      clearInterval(showing);
      this.output.status('');
    }
    this.output.line(`${dead} is Degraded after ${seconds(this.detectedAt - this.cutAt)}`);
    const answer = await this.cluster.json('resolve', this.hostName, '--from', dead);
    this.next = this.cluster.instanceAt(resourceName, answer.address);
    if (this.next === undefined || this.next.address === this.deadAddress) {
      throw new Error(`near ${dead} the resolver still answers ${answer.address}`);
    }
    this.output.line(`the answer near ${dead} is now ${answer.cname} ${answer.address}`);
    this.rows.push(holds(`answer near ${dead}, the control plane dead`, await this.#controlplaneIsDead(),
      this.next.region, 'the next nearest'));
  }

  async #clientMoves() {
    this.output.step(`A keeps the old answer until its TTL runs out, then moves by itself`);
    const withinMs = this.times.reconnect.maxMs + patienceMs;
    const showing = setInterval(() => this.#tellQuestions(), showingPeriodMs);
    try {
      await this.a.wait('lookup', (event) => event.at > this.cutAt && event.addresses?.[0] === this.next.address,
        'a look-up that leads elsewhere', withinMs);
      this.#tellQuestions();
      const connected = await this.a.wait('connected', (event) => event.at > this.cutAt, 'reconnecting', withinMs);
      this.output.line(`A is connected again, as ${connected.connectionId}`);
      const received = await this.a.wait('message', (event) => event.at > connected.at && event.number !== undefined,
        'receiving again', withinMs);
      this.output.line(`A receives again, after ${seconds(received.at - this.cutAt)}`);
      this.rows.push(within("A's last answer naming the dead instance ends", this.#lastDeadAnswerEnds() - this.cutAt,
        this.times.lastAnswer, 'detection + TTL'));
      this.rows.push(within('A connected again', connected.at - this.cutAt, this.times.reconnect,
        `detection + TTL + ${seconds(sdkRetryMs)} SDK retry`));
      this.rows.push(within('A receives again', received.at - this.cutAt,
        { ...this.times.reconnect, maxMs: this.times.reconnect.maxMs + streamPeriodMs }, `the same + ${seconds(streamPeriodMs)} to the next message`));
    } finally {
      clearInterval(showing);
      this.output.status('');
    }
    this.rows.push(this.#landed(this.a, this.next.region, 'moves by itself to', await this.#controlplaneIsDead()));
  }

  // The SDK has no time limit on connecting, so a client whose next attempt is accepted and never answered
  // waits as long as that lasts. Who starts now is what tells whether the answer leads away in time.
  async #newClientFindsAnother() {
    this.output.step('A waits for an answer that never comes; a new client takes the new way');
    const d = this.#start('D', dead);
    await d.joined();
    this.rows.push(within(`a new client near ${dead} is served`, d.last('connected').at - this.cutAt, this.times.reconnect,
      'detection + TTL'));
    this.rows.push(this.#landed(d, this.next.region, 'new, connects to', await this.#controlplaneIsDead()));
    const waits = this.a.of('connected').every((event) => event.at < this.cutAt);
    this.rows.push(told('A meanwhile', waits ? 'waits' : 'moved', 'the SDK has no time limit on connecting'));
  }

  async #regionReturns() {
    this.output.step(`${dead} comes back (nonet fault region-up ${dead}); the control plane is still dead`);
    const { events } = this.#watch;
    const startedAt = now();
    await this.cluster.nonet('fault', 'region-up', dead);
    const upAt = now();
    const verdict = await events.first(
      (event) => event.kind === 'verdict' && event.to === 'Online' && event.object === primaryObject && event.at >= startedAt,
      { what: `${dead} to be Online again`, withinMs: this.settings.probeIntervalMs + this.settings.probeTimeoutMs + patienceMs });
    this.output.line(`one good probe: ${dead} is Online ${seconds(Math.max(0, verdict.at - upAt))} after its process was there`);
    this.rows.push(within(`${dead} back -> Online`, Math.max(0, verdict.at - upAt), this.times.recovery, 'I'));
    await this.#controlplaneIsDead();
    const stayedDead = this.#controlplaneDead.every(Boolean);
    this.rows.push(holds('control plane all the while', stayedDead, stayedDead ? 'dead' : 'alive', 'dead'));
    await this.cluster.nonet('fault', 'resume', 'controlplane');
    await this.cluster.nonet('wait', '--for=process/controlplane=ready');
    await this.cluster.nonet('wait', '--for=converged');
    this.output.line('the control plane is resumed, and everybody has its latest revision');
    await this.cluster.refresh();
    if (this.hang) await this.a.wait('connected', (event) => event.at > this.cutAt, 'reconnecting', patienceMs);
  }

  async #newClientLandsThere() {
    this.output.step(`A new client lands in ${dead}; A stays where it is`);
    const connection = this.a.last('connected').connectionId;
    const place = this.#placeOf(this.a);
    this.c = this.#start('C', dead);
    await this.c.joined();
    this.rows.push(this.#landed(this.c, dead, 'new, connects to'));
    this.c.tell({ command: 'send', text: 'hello from C' });
    await Promise.all([this.a, this.b].map((player) =>
      player.wait('message', (event) => event.from === 'C' && event.text === 'hello from C', 'a message from C', patienceMs)));
    this.output.line('C says hello; A and B hear it');
    const stayed = this.a.last('connected').connectionId === connection && this.#placeOf(this.a) === place;
    this.rows.push(holds(`A after ${dead} came back`, stayed, stayed ? `still ${place}` : `moved to ${this.#placeOf(this.a)}`,
      'open connections stay'));
  }

  // One hole in B's numbers, around the outage, and nothing twice or out of order.
  async #count() {
    const numbers = this.a.numbersFrom('B');
    const { holes, disorder, missed } = holesIn(numbers);
    this.rows.push(told(`A missed of B's ${numbers.at(-1)} numbered messages`, String(missed),
      `sent while A was away (one each ${streamPeriodMs} ms)`));
    const tidy = holes.length <= 1 && disorder === 0;
    this.rows.push(holds('holes in the numbers; twice or out of order', tidy, `${holes.length}; ${disorder}`, 'at most 1; 0'));
  }

  // ---- Small things

  #start(name, region) {
    const player = new Player(this.cluster, {
      name, region, hub, group,
      connectionString: this.cluster.resource(resourceName).httpConnectionString,
    });
    this.#players.push(player);
    return player;
  }

  #placeOf(player) {
    return this.cluster.instanceAt(resourceName, player.last('socket')?.remoteAddress)?.region ?? 'nowhere';
  }

  // Proof by the socket itself: whose address is at its other end.
  #landed(player, region, what = 'connects to', alsoHolds = true) {
    const { remoteAddress, localAddress } = player.last('socket');
    const place = this.#placeOf(player);
    this.output.line(`${player.name}, near ${player.region}: ${localAddress} -> ${remoteAddress}, that is ${place}`);
    return holds(`${player.name}, near ${player.region}, ${what}`, place === region && alsoHolds, place, region);
  }

  #isSinceTheCut(event) {
    return event.object === primaryObject && event.at >= this.cutAt;
  }

  // When the last answer with the dead address that A got from the resolver was used up.
  #lastDeadAnswerEnds() {
    const asked = this.a.of('lookup').filter((event) => !event.cached && event.addresses?.[0] === this.deadAddress);
    const last = asked.at(-1);
    return last === undefined ? NaN : last.at + last.ttl * 1000;
  }

  async #controlplaneIsDead() {
    const isDead = !(await isListening(this.cluster.description.controlplane.grpc));
    this.#controlplaneDead.push(isDead);
    return isDead;
  }

  // Each question A put to the resolver since the cut, once; what it answers from its cache is in the status.
  #tellQuestions() {
    for (const event of this.a.of('lookup').filter((each) => each.at > this.cutAt && !each.cached && !this.#spoken.has(each))) {
      this.#spoken.add(event);
      const place = this.cluster.instanceAt(resourceName, event.addresses?.[0])?.region;
      this.output.line(`A asks the resolver: ${place ? `${place}, to be kept for ${event.ttl} s` : event.error}`);
    }
    this.#showStatus();
  }

  #showStatus() {
    const { missed } = holesIn(this.a.numbersFrom('B'));
    const last = this.a.last('lookup');
    const left = last?.addresses?.[0] === this.deadAddress ? Math.max(0, this.#lastDeadAnswerEnds() - now()) : 0;
    this.output.status(`outage ${seconds(now() - this.cutAt)} | A keeps the dead address for ${seconds(left)} more | ` +
      `A received ${this.a.numbersFrom('B').length}, missed ${missed}`);
  }
}
