import { addressGroup, isLoopback } from './address-group.ts';
import type { HeaderList } from './plan-response.ts';

/** How many connections one address may have, and what those beyond are told. */
export interface CrowdOptions {
  /** Enough for all devices behind one address translation. */
  readonly perAddress: number;
  /** Whose connections are not counted; by default those of this machine, where proxies are. */
  readonly isExempt?: (address: string) => boolean;
  /** To HTTP/1; over HTTP/2 there is a GOAWAY. */
  readonly answer?: CrowdAnswer;
}

/** A whole response. */
export interface CrowdAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
}

/** Where nobody says otherwise. */
export const DEFAULT_PER_ADDRESS = 500;

/** Counts the connections of each address. */
export class Crowd {
  readonly #most: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #open = new Map<string, number>();

  constructor({ perAddress, isExempt = isLoopback }: Omit<CrowdOptions, 'answer'>) {
    this.#most = perAddress;
    this.#isExempt = isExempt;
  }

  /** @returns to be called when the connection is closed; `null` where there are too many already */
  enter(address: string | undefined): (() => void) | null {
    if (address !== undefined && this.#isExempt(address)) return () => {};
    const group = addressGroup(address);
    const open = this.#open.get(group) ?? 0;
    if (open >= this.#most) return null;
    this.#open.set(group, open + 1);
    return () => {
      const left = (this.#open.get(group) ?? 1) - 1;
      if (left === 0) this.#open.delete(group);
      else this.#open.set(group, left);
    };
  }
}
