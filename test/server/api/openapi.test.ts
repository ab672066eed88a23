import { describe, expect, it } from 'vitest';
import type { FaceContext } from '../../../src/server/faces/face.ts';
import { FACES } from '../../../src/server/faces/faces.ts';
import { openApiDocument } from '../../../src/server/api/openapi.ts';
import { ROUTES } from '../../../src/server/api/routes.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-roles'?: readonly string[];
}

// They look at what they were given only when a device asks.
const faces = FACES.map((create) => create({} as FaceContext));
const document = openApiDocument(ROUTES, faces, '1.2.3') as unknown as {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const everything = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

const operations = everything.filter(({ operation }) => operation.tags.includes('management'));

describe('the OpenAPI document', () => {
  it('has every route of every device protocol, with who may and what is answered', () => {
    const routes = faces.flatMap((face) => face.routes);
    const ofDevices = everything.filter(({ operation }) => operation.tags.includes('device'));
    expect(ofDevices).toHaveLength(routes.length);
    expect(ofDevices.length).toBeGreaterThan(9);
    expect(
      ofDevices.map(({ path, method, operation }) => [
        `${method} ${path}`,
        operation.security.map((scheme) => Object.keys(scheme).join()).join(' or '),
        Object.keys(operation.responses)[0],
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['get /api/v1/devices/{deviceId}/ota', 'device or deviceBasic', '200'],
        ['post /api/v1/devices/{deviceId}/boot', 'device or deviceBasic', '204'],
        ['get /d/{token}/{file}', '', '200'],
        ['post /api/v1/provision', 'token', '201'],
      ]),
    );
  });

  it('has every route, once', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('1.2.3');
    expect(operations).toHaveLength(ROUTES.length);
    const ids = everything.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(60);
  });

  it('names every parameter of every path', () => {
    for (const { path, operation } of everything) {
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path');
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(inPath.map(({ name }) => name)).toEqual(names);
      expect(inPath.every(({ required }) => required === true)).toBe(true);
    }
  });

  it('has the nonce that a device may ask with, and that of the answer', () => {
    const ask = document.paths['/api/v1/devices/{deviceId}/ota']?.['get'];
    expect(ask?.parameters?.map(({ name, required = false }) => [name, required])).toEqual([
      ['deviceId', true],
      ['nonce', false],
    ]);
    expect(ask?.responses['200']).toHaveProperty(
      ['content', 'application/json', 'schema', 'properties', 'nonce', 'type'],
      'string',
    );
  });

  it('says who may, and how errors look', () => {
    for (const { operation } of operations) {
      expect(operation['x-roles']?.length).toBeGreaterThan(0);
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['401', '403', 'default']),
      );
    }
  });

  it('has the paths of CORE-M', () => {
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/ota/packages',
        '/api/v1/ota/rollouts',
        '/api/v1/ota/rollouts/{rolloutId}/pause',
        '/api/v1/ota/rollouts/{rolloutId}/resume',
        '/api/v1/ota/rollouts/{rolloutId}/rollback',
      ]),
    );
  });

  it('lets nobody but admins read or change tokens, keys, webhooks and backups', () => {
    const secret = operations.filter(
      ({ path, method }) =>
        /\/(?:tokens|webhooks|backup|restore)\b/.test(path) ||
        (path.includes('/keys') && method !== 'get'),
    );
    expect(secret.length).toBeGreaterThan(8);
    const roles = secret.map(({ operation }) => operation['x-roles']?.join());
    expect(new Set(roles)).toEqual(new Set(['admin']));
  });

  it('lets viewers change nothing', () => {
    const forViewers = operations.filter(({ operation }) =>
      operation['x-roles']?.includes('viewer'),
    );
    expect(new Set(forViewers.map(({ method }) => method))).toEqual(new Set(['get']));
  });
});
