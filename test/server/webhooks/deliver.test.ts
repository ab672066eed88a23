import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createAddressGuard,
  type FleetEvent,
  type FleetStore,
  type Webhook,
  type WebhookProgress,
} from '../../../src/fleet/index.ts';
import { createPostDelivery } from '../../../src/server/webhooks/post-delivery.ts';
import { backoffMs, WebhookDelivery } from '../../../src/server/webhooks/deliver.ts';
import { SILENT_LOG } from '../../../src/server/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const SECRET = 'whsec_test';

interface Delivery {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** A receiver on loopback that answers with the statuses of a list, then with 204. */
async function receiver(statuses: readonly number[] = []) {
  const deliveries: Delivery[] = [];
  const left = [...statuses];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead(left.shift() ?? 204, { Location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, deliveries };
}

function event(eventId: number, type: string): FleetEvent {
  return {
    eventId,
    atMs: 1000 + eventId,
    type,
    deviceId: null,
    rolloutId: null,
    data: { eventId },
  };
}

function setUp(
  url: string,
  events: readonly FleetEvent[],
  allowPrivate = true,
  stored: Partial<Webhook> = {},
) {
  const clock = new ManualClock();
  let webhook: Webhook = {
    webhookId: 'whk_a',
    url,
    eventTypes: ['rollout.*', 'device.booted'],
    secret: SECRET,
    enabled: true,
    lastEventId: 0,
    failures: 0,
    retryAtMs: null,
    lastError: null,
    createdAtMs: 0,
    revision: 1,
    ...stored,
  };
  let listed: Webhook | null = null;
  const webhooks = {
    list: async () => {
      const list = [listed ?? webhook];
      listed = null;
      return { list, page: 0, perPage: 100, total: 1 };
    },
    get: async () => webhook,
    update: async (next: Webhook) => void (webhook = next),
    progress: async (_id: string, next: WebhookProgress) =>
      void (webhook = { ...webhook, ...next }),
  };
  const repositories = { webhooks };
  const store = {
    read: repositories,
    transaction: async (work: (all: unknown) => Promise<unknown>) => work(repositories),
  } as unknown as FleetStore;
  const outcomes: string[] = [];
  const delivery = new WebhookDelivery({
    store,
    events: {
      after: async (id, limit) => events.filter(({ eventId }) => eventId > id).slice(0, limit),
      subscribe: () => () => {},
      lastId: async () => events.at(-1)?.eventId ?? 0,
    },
    clock,
    post: createPostDelivery(createAddressGuard(allowPrivate)),
    metrics: { webhook: (outcome) => void outcomes.push(outcome) },
    log: SILENT_LOG,
  });
  const run = async () => {
    await delivery.begin(new AbortController().signal);
    await delivery.idle();
  };
  /** The next list has this copy of it, which something overtook. */
  const listOnce = (copy: Webhook) => void (listed = copy);
  return { clock, run, outcomes, webhook: () => webhook, listOnce };
}

describe('webhooks', () => {
  it('get the events that they want, in order, signed', async () => {
    const { url, deliveries } = await receiver();
    const types = ['rollout.started', 'artifact.created', 'device.booted', 'device.seen'];
    const { clock, run, webhook } = setUp(
      url,
      types.map((type, index) => event(index + 1, type)),
    );
    await run();
    const bodies = deliveries.map(({ body }) => JSON.parse(body) as FleetEvent);
    expect(bodies.map(({ type }) => type)).toEqual(['rollout.started', 'device.booted']);
    expect(webhook()).toMatchObject({ lastEventId: 4, failures: 0, lastError: null });
    const [first] = deliveries;
    const seconds = Math.floor(clock.now() / 1000);
    const mac = createHmac('sha256', SECRET).update(`${seconds}.${first?.body}`).digest('hex');
    expect(first?.headers).toMatchObject({
      'otakit-signature': `t=${seconds},v1=${mac}`,
      'otakit-event': 'rollout.started',
      'otakit-delivery': 'whk_a-1',
      'content-type': 'application/json',
    });
  });

  it('are tried again, ever later, and the order is kept', async () => {
    const { url, deliveries } = await receiver([500, 302]);
    const { clock, run, webhook, outcomes } = setUp(url, [
      event(1, 'rollout.paused'),
      event(2, 'rollout.resumed'),
    ]);
    await run();
    expect(webhook()).toMatchObject({
      lastEventId: 0,
      failures: 1,
      retryAtMs: clock.now() + 5000,
      lastError: 'it answered 500',
    });
    await run();
    expect(deliveries).toHaveLength(1);
    await clock.advance(5000);
    await run();
    // Redirects are not followed.
    expect(webhook()).toMatchObject({ failures: 2, lastError: 'it answered 302' });
    await clock.advance(10_000);
    await run();
    expect(webhook()).toMatchObject({ lastEventId: 2, failures: 0, retryAtMs: null });
    const ids = deliveries.map(({ headers }) => headers['otakit-delivery']);
    expect(ids).toEqual(['whk_a-1', 'whk_a-1', 'whk_a-1', 'whk_a-2']);
    expect(outcomes).toEqual(['failed', 'failed', 'delivered', 'delivered']);
  });

  it('are delivered to as they are now, not as they were when they were listed', async () => {
    const { url, deliveries } = await receiver([204, 500]);
    const one = setUp(url, [event(1, 'rollout.paused')]);
    const listed = one.webhook();
    await one.run();
    one.listOnce(listed);
    await one.run();
    expect(deliveries).toHaveLength(1);

    const two = setUp(url, [event(2, 'rollout.paused')]);
    const before = two.webhook();
    await two.run();
    expect(two.webhook()).toMatchObject({ failures: 1 });
    two.listOnce(before);
    await two.run();
    expect(deliveries).toHaveLength(2);
  });

  it('give an event up in the end, and go on with the next', async () => {
    const { url } = await receiver(Array.from({ length: 18 }, () => 503));
    const { clock, run, webhook, outcomes } = setUp(url, [
      event(1, 'rollout.paused'),
      event(2, 'rollout.resumed'),
    ]);
    for (let index = 0; index < 18; index += 1) {
      await run();
      await clock.advance(60 * 60 * 1000);
    }
    expect(outcomes.at(-2)).toBe('given-up');
    expect(outcomes.at(-1)).toBe('delivered');
    expect(webhook().lastEventId).toBe(2);
  });

  it('are switched off by 410 Gone', async () => {
    const { url, deliveries } = await receiver([410]);
    const { run, webhook } = setUp(url, [event(1, 'rollout.paused'), event(2, 'rollout.resumed')]);
    await run();
    await run();
    expect(webhook()).toMatchObject({ enabled: false, lastEventId: 0, revision: 2 });
    expect(deliveries).toHaveLength(1);
  });

  it('do not reach the own network unless that is allowed', async () => {
    const { url, deliveries } = await receiver();
    const { run, webhook } = setUp(url, [event(1, 'rollout.paused')], false);
    await run();
    expect(deliveries).toHaveLength(0);
    expect(webhook().lastError).toContain('no public address');
  });

  it('do not wait for a clock that was set back', async () => {
    const { url, deliveries } = await receiver();
    const retryAtMs = new ManualClock().now() + 24 * 3_600_000;
    const { run } = setUp(url, [event(1, 'rollout.paused')], true, { failures: 2, retryAtMs });
    await run();
    expect(deliveries).toHaveLength(1);
  });

  it('wait at most an hour', () => {
    expect([1, 2, 3, 30].map(backoffMs)).toEqual([5000, 10_000, 20_000, 3_600_000]);
  });
});
