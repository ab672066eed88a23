import type { Clock } from '../../shared/index.ts';
import type { RpcCall } from './rpc/method.ts';
import { RpcStatus, STATUS } from './rpc/status.ts';

/** What goes wrong on request. */
export type CloudFault = {
  /** Which method it concerns, such as `UpdateRobotPart`; without it, every one. */
  readonly method?: string;
  /** How many calls it concerns; without it, every one. */
  readonly times?: number;
} & (
  | { readonly kind: 'denied' }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'unavailable' }
  /** The answer comes late. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The answer never comes. */
  | { readonly kind: 'silent' }
  /** Somebody else saves the config right before this call is answered. */
  | { readonly kind: 'concurrent-edit' }
);

/** The faults that are on, and their effect on calls. */
export class Faults {
  readonly #clock: Clock;
  readonly #editBySomebody: () => void;
  readonly #active: { readonly fault: CloudFault; left: number }[] = [];

  constructor(clock: Clock, editBySomebody: () => void) {
    this.#clock = clock;
    this.#editBySomebody = editBySomebody;
  }

  inject(fault: CloudFault): void {
    this.#active.push({ fault, left: fault.times ?? Infinity });
  }

  clear(): void {
    this.#active.length = 0;
  }

  /** Lets every fault that concerns a call happen to it. */
  async strike({ path, signal }: RpcCall): Promise<void> {
    const method = path.slice(path.lastIndexOf('/') + 1);
    for (const entry of this.#active) {
      if (entry.left < 1 || (entry.fault.method ?? method) !== method) continue;
      entry.left -= 1;
      await this.#happen(entry.fault, signal);
    }
  }

  async #happen(fault: CloudFault, signal: AbortSignal): Promise<void> {
    switch (fault.kind) {
      case 'denied':
        throw new RpcStatus(STATUS.permissionDenied, 'permission denied');
      case 'unauthenticated':
        throw new RpcStatus(STATUS.unauthenticated, 'the token has expired');
      case 'unavailable':
        throw new RpcStatus(STATUS.unavailable, 'the service is down for maintenance');
      case 'slow':
        return this.#clock.sleep(fault.delayMs, signal);
      case 'silent':
        return new Promise((_resolve, reject) => {
          const give = () => reject(new RpcStatus(STATUS.unavailable, 'the call was given up'));
          if (signal.aborted) give();
          else signal.addEventListener('abort', give, { once: true });
        });
      case 'concurrent-edit':
        return this.#editBySomebody();
    }
  }
}
