// Progress for people: numbered steps and timed lines; on a terminal also colour (unless NO_COLOR) and one
// line at the bottom that is kept up to date.
//
//   const output = new Output(process.stdout);
//   output.step('Cutting off eastus');
//   output.line('probe of eastus failed');

import { now } from './events.mjs';

export class Output {
  #stream;
  #start = now();
  #steps = 0;
  #status = '';

  constructor(stream, env = process.env) {
    this.#stream = stream;
    this.live = Boolean(stream.isTTY) && env.TERM !== 'dumb';
    this.colour = this.live && !env.NO_COLOR;
  }

  #paint(code, text) {
    return this.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }

  good(text) { return this.#paint('32', text); }
  bad(text) { return this.#paint('31', text); }
  dim(text) { return this.#paint('2', text); }
  verdict(text, ok) { return ok === null ? text : ok ? this.good(text) : this.bad(text); }

  #write(text) {
    if (this.live && this.#status !== '') this.#stream.write('\r\x1b[K');
    this.#stream.write(text + '\n');
    this.#drawStatus();
  }

  #drawStatus() {
    if (!this.live || this.#status === '') return;
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write('\r\x1b[K' + this.dim(this.#status.slice(0, width)));
  }

  step(text) {
    this.#write(`\n${this.#paint('1', `${++this.#steps}. ${text}`)}`);
  }

  line(text) {
    const time = `${((now() - this.#start) / 1000).toFixed(1)} s`.padStart(8);
    this.#write(`${this.dim(time)}  ${text}`);
  }

  block(text) {
    this.#write(text);
  }

  // Shown on a terminal only; '' takes it away.
  status(text) {
    if (!this.live) return;
    if (text === '' && this.#status !== '') this.#stream.write('\r\x1b[K');
    this.#status = text;
    this.#drawStatus();
  }
}
