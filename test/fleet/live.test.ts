import { describe, expect, it } from 'vitest';
import { createDeviceNews } from '../../src/fleet/devices/device-news.ts';
import { createEventHub } from '../../src/fleet/events/event-hub.ts';

const EVENT = { eventId: 1, atMs: 0, type: 'a.b', deviceId: null, rolloutId: null, data: {} };

describe('listeners to events', () => {
  it('hear until they stop, also the same one subscribed twice', () => {
    const hub = createEventHub(() => undefined);
    const heard: number[] = [];
    const listener = () => heard.push(1);
    const stop = hub.subscribe(listener);
    hub.subscribe(listener);
    hub.publish([EVENT]);
    stop();
    hub.publish([EVENT]);
    expect(heard.length).toBe(3);
  });

  it('are not called for nothing', () => {
    const hub = createEventHub(() => undefined);
    hub.subscribe(() => expect.unreachable());
    hub.publish([]);
  });

  it('hear although another one throws, which is reported', () => {
    const errors: unknown[] = [];
    const hub = createEventHub((error) => errors.push(error));
    const heard: string[] = [];
    hub.subscribe(() => {
      throw new Error('broken');
    });
    hub.subscribe((events) => heard.push(...events.map(({ type }) => type)));
    hub.publish([EVENT]);
    expect(heard).toEqual(['a.b']);
    expect(errors).toEqual([new Error('broken')]);
  });
});

describe('devices that wait', () => {
  it('are told by id and forgotten when they go', () => {
    const errors: unknown[] = [];
    const news = createDeviceNews((error) => errors.push(error));
    const heard: string[] = [];
    const stop = news.on('a', () => heard.push('a1'));
    const stopSecond = news.on('a', () => heard.push('a2'));
    news.on('b', () => {
      throw new Error('broken');
    });
    news.tell(['a', 'b', 'c']);
    expect(heard).toEqual(['a1', 'a2']);
    expect(errors).toEqual([new Error('broken')]);
    stop();
    news.tell(new Set(['a']));
    expect(heard).toEqual(['a1', 'a2', 'a2']);
    expect(news.waiting()).toEqual(['a', 'b']);
    stopSecond();
    stopSecond();
    expect(news.waiting()).toEqual(['b']);
  });
});
