/** One event of a `text/event-stream` (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** The type of a stream of such events. */
export const EVENT_STREAM_TYPE = 'text/event-stream';

/** An event as it goes over the wire; `data` is one line. */
export function serializeServerSentEvent({ id, event, data }: ServerSentEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

/** Far beyond what any event of a server here has; a peer that sends more is not one of ours. */
const LONGEST_EVENT = 65_536;

/**
 * Takes the text of a stream apart, cut anywhere. Comments, retry times and unknown fields are left
 * out, and so is an event without data.
 */
export class ServerSentEventParser {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** The id of the last event, also of one without data: where to go on after a break. */
  get lastId(): string {
    return this.#id;
  }

  /** @throws RangeError when an event is longer than a server of ours would make one */
  *push(text: string): Iterable<ServerSentEvent> {
    const whole = this.#rest + text;
    // A carriage return at the end may be the first half of a line end.
    const end = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? '') + whole.slice(end);
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else yield* this.#dispatch();
    }
    const held = this.#data.reduce((sum, { length }) => sum + length, this.#rest.length);
    if (held > LONGEST_EVENT) throw new RangeError(`an event of more than ${LONGEST_EVENT} bytes`);
  }

  #field(line: string): void {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'id') this.#id = value;
    if (name === 'event') this.#event = value;
    if (name === 'data') this.#data.push(value);
  }

  *#dispatch(): Iterable<ServerSentEvent> {
    const [id, event, data] = [this.#id, this.#event, this.#data];
    this.#event = '';
    this.#data = [];
    if (data.length > 0) yield { id, event, data: data.join('\n') };
  }
}
