import { describe, expect, it } from 'vitest';
import type { Face } from '../../../src/server/index.ts';
import { FaceRouter } from '../../../src/server/faces/face-router.ts';

const face = (...routes: readonly (readonly ['GET' | 'POST', string])[]): Face => ({
  name: 'test',
  routes: routes.map(([method, path]) => ({ method, path, handle: () => {} })),
});

const router = new FaceRouter([
  face(
    ['GET', '/api/v1/devices/:deviceId/ota'],
    ['POST', '/api/v1/devices/:deviceId/ota'],
    ['GET', '/api/v1/devices/:deviceId/ota/chunk'],
    ['GET', '/d/:token/:name'],
  ),
]);

describe('finding the face of a path', () => {
  it('goes by method and path, and decodes parameters', () => {
    const found = router.find('POST', '/api/v1/devices/a%3Ab/ota');
    expect(found?.route.method).toBe('POST');
    expect(found?.params).toEqual({ deviceId: 'a:b' });
    expect(router.find('GET', '/d/abc/x.bin')?.params).toEqual({ token: 'abc', name: 'x.bin' });
  });

  it('answers HEAD as GET', () => {
    expect(router.find('HEAD', '/d/abc/x.bin')?.route.method).toBe('GET');
    expect(router.find('HEAD', '/api/v1/devices/a/ota')?.route.method).toBe('GET');
  });

  it.each([
    '/',
    '',
    '/api',
    '/api/v1/devices//ota',
    '/api/v1/devices/a/ota/',
    '/d/abc',
    '/d/a/b/c',
  ])('leaves %j to the API', (path) => {
    expect(router.find('GET', path)).toBeNull();
  });

  it('refuses what is no percent-encoded UTF-8', () => {
    expect(() => router.find('GET', '/d/%ff/x')).toThrow(
      expect.objectContaining({ code: 'server/bad-request' }),
    );
  });

  it('does not let two faces have the same route', () => {
    const twice = [face(['GET', '/d/:a']), face(['GET', '/d/:b'])];
    expect(() => new FaceRouter(twice)).toThrow(expect.objectContaining({ code: 'server/bug' }));
  });
});
