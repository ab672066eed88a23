import { describe, expect, it } from 'vitest';
import { entityTag, memoryArtifact } from '../../src/serve/index.ts';
import { planResponse } from '../../src/serve/plan-response.ts';

const IMAGE_HASH = 'ab'.repeat(32);
const artifact = memoryArtifact(new Uint8Array(1000).fill(7), IMAGE_HASH);
const ETAG = entityTag(artifact);

function plan(method: string, headers: Readonly<Record<string, string>> = {}) {
  const { headers: list, ...rest } = planResponse(
    { method, header: (name) => headers[name] },
    artifact,
  );
  return { ...rest, headers: Object.fromEntries(list) };
}

describe('planResponse', () => {
  it('answers GET whole, with the exact length, a strong tag and no room for recoding', () => {
    expect(plan('GET')).toEqual({
      kind: 'body',
      status: 200,
      range: { start: 0, end: 1000 },
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Length': '1000',
        'Accept-Ranges': 'bytes',
        ETag: `"${artifact.sha256}"`,
        'Cache-Control': 'private, no-transform',
        'x-MD5': artifact.md5,
      },
    });
  });

  it('answers HEAD with the head of GET, and ignores Range there', () => {
    const { headers } = plan('GET');
    expect(plan('HEAD', { range: 'bytes=0-9' })).toEqual({ kind: 'head', status: 200, headers });
  });

  it('answers bytes=0- with 206, which ESP-IDF expects of a server that can resume', () => {
    expect(plan('GET', { range: 'bytes=0-' })).toMatchObject({
      status: 206,
      headers: { 'Content-Range': 'bytes 0-999/1000', 'Content-Length': '1000' },
    });
  });

  it('clamps an end past the last byte', () => {
    expect(plan('GET', { range: 'bytes=900-1000' })).toMatchObject({
      status: 206,
      headers: { 'Content-Range': 'bytes 900-999/1000', 'Content-Length': '100' },
    });
  });

  it('answers 416 with the size', () => {
    expect(plan('GET', { range: 'bytes=1000-' })).toMatchObject({
      kind: 'error',
      status: 416,
      headers: { 'Content-Range': 'bytes */1000' },
    });
  });

  it.each([
    [ETAG, 206],
    [` ${ETAG} `, 206],
    [`W/${ETAG}`, 200],
    ['"another"', 200],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 200],
  ])('minds If-Range %s: %d', (ifRange, status) => {
    expect(plan('GET', { range: 'bytes=5-9', 'if-range': ifRange }).status).toBe(status);
  });

  it.each([
    [ETAG, 304],
    [`W/${ETAG}`, 304],
    [`"x", ${ETAG}`, 304],
    ['*', 304],
    ['"x"', 200],
    [artifact.sha256, 200],
  ])('minds If-None-Match %s: %d', (ifNoneMatch, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = plan(method, { 'if-none-match': ifNoneMatch });
      expect(answer.status).toBe(status);
      expect(answer.headers['ETag']).toBe(ETAG);
    }
  });

  it.each([
    [ETAG, 200],
    ['*', 200],
    [`W/${ETAG}`, 412],
    ['"x"', 412],
  ])('minds If-Match %s: %d', (ifMatch, status) => {
    expect(plan('GET', { 'if-match': ifMatch }).status).toBe(status);
  });

  it('prefers 304 to a range', () => {
    expect(plan('GET', { range: 'bytes=5000-', 'if-none-match': ETAG }).status).toBe(304);
  });

  it('answers every other method with 405 and what is allowed', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', '']) {
      expect(plan(method)).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' } });
    }
  });

  it('tells an Arduino sketch that it runs the image already', () => {
    const running = { 'x-esp32-sketch-sha256': IMAGE_HASH.toUpperCase() };
    expect(plan('GET', running).status).toBe(304);
    expect(plan('GET', { 'x-esp32-sketch-sha256': 'CD'.repeat(32) }).status).toBe(200);
    const unhashed = memoryArtifact(new Uint8Array(1000));
    const request = {
      method: 'GET',
      header: (name: string) => (name === 'x-md5' ? 'x' : undefined),
    };
    expect(planResponse(request, unhashed).status).toBe(200);
  });
});
