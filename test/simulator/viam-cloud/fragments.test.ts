import { describe, expect, it } from 'vitest';
import { loadViamSdk, type ViamSdk } from '../../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../../src/simulator/index.ts';

/** The methods about fragments that the SDK's generated client has and its public one has not. */
interface FragmentClient {
  getFragment(request: object): Promise<{
    fragment: { revision: string; fragment: { toJson(): unknown } };
    revisions: readonly { revision: string }[];
    tags: readonly { tag: string; revision: string }[];
  }>;
  setFragmentTag(request: object): Promise<unknown>;
  deleteFragmentTag(request: object): Promise<unknown>;
  getFragmentUsage(
    request: object,
  ): Promise<{ versionUsages: readonly { version?: string; machines: number }[] }>;
}

async function connected(role: 'operator' | 'reader' = 'operator') {
  const cloud = await VirtualViamCloud.create();
  cloud.addFragment({ id: 'fleet', config: { n: 1 } });
  cloud.edit('fleet', () => ({ n: 2 }));
  const { id, key } = cloud.addApiKey(role);
  const { url } = await cloud.listen();
  const sdk: ViamSdk = await loadViamSdk();
  const credentials = { type: 'api-key', authEntity: id, payload: key } as const;
  const { appClient } = await sdk.createViamClient({ serviceHost: url, credentials });
  const { client } = appClient as unknown as { client: FragmentClient };
  const content = async (version?: string) => {
    const request = { id: 'fleet', ...(version === undefined ? {} : { version }) };
    return (await client.getFragment(request)).fragment.fragment.toJson();
  };
  return { cloud, client, content, [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

describe('a fragment of the virtual cloud', () => {
  it('keeps every revision', async () => {
    await using made = await connected();
    expect(await made.content('1')).toEqual({ n: 1 });
    expect(await made.content()).toEqual({ n: 2 });
    const { fragment, revisions } = await made.client.getFragment({ id: 'fleet' });
    expect(fragment.revision).toBe('2');
    expect(revisions.map(({ revision }) => revision)).toEqual(['1', '2']);
    await expect(made.content('3')).rejects.toThrow('has no version "3"');
  });

  it('has tags that are moved and taken away', async () => {
    await using made = await connected();
    const { client, content } = made;
    const tag = (name: string, revision: string) =>
      client.setFragmentTag({ fragmentId: 'fleet', tag: name, revision });
    await tag('stable', '1');
    expect(await content('stable')).toEqual({ n: 1 });
    await tag('stable', '2');
    expect(await content('stable')).toEqual({ n: 2 });
    expect((await client.getFragment({ id: 'fleet' })).tags).toMatchObject([
      { tag: 'stable', revision: '2' },
    ]);
    for (const name of ['v1', '1st', 'Stable', '']) {
      await expect(tag(name, '1')).rejects.toThrow('no name for a tag');
    }
    await expect(tag('beta', '9')).rejects.toThrow('has no version "9"');
    await client.deleteFragmentTag({ fragmentId: 'fleet', tag: 'stable' });
    await expect(content('stable')).rejects.toThrow('has no version "stable"');
    await expect(client.deleteFragmentTag({ fragmentId: 'fleet', tag: 'stable' })).rejects.toThrow(
      'has no tag "stable"',
    );
  });

  it('counts the machines that use each version', async () => {
    await using made = await connected();
    made.cloud.addPart({ config: { fragments: ['fleet', { id: 'fleet', prefix: 'b' }] } });
    made.cloud.addPart({ config: { fragments: [{ id: 'fleet', version: '1' }] } });
    made.cloud.addPart({ config: { fragments: [{ id: 'fleet', version: '1', disabled: true }] } });
    const { versionUsages } = await made.client.getFragmentUsage({ fragmentId: 'fleet' });
    expect(versionUsages.map(({ version, machines }) => [version, machines])).toEqual([
      [undefined, 1],
      ['1', 1],
    ]);
  });

  it('lets a key for reading move no tag', async () => {
    await using made = await connected('reader');
    const request = { fragmentId: 'fleet', tag: 'stable', revision: '1' };
    await expect(made.client.setFragmentTag(request)).rejects.toThrow('may only read');
    await expect(made.client.deleteFragmentTag(request)).rejects.toThrow('may only read');
  });
});
