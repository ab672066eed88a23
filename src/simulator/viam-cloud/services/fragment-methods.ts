import type { JsonObject } from '../../../machine-config/index.ts';
import {
  type FragmentRevision,
  isTagName,
  revisionAt,
  revisionsOf,
} from '../fragment-revisions.ts';
import { usedFragments } from '../merged-config.ts';
import type { RpcMethod } from '../rpc/method.ts';
import { RpcStatus, STATUS } from '../rpc/status.ts';
import type { StoredFragment } from '../state.ts';
import { mayRead, mayWrite, writeConfig } from './permissions.ts';
import { type ServiceParts, timestamp, unary } from './service.ts';

/** The methods of `viam.app.v1.AppService` about fragments, their revisions and their tags. */
export function fragmentMethods(parts: ServiceParts): Readonly<Record<string, RpcMethod>> {
  const { sdk, state } = parts;
  const { appApi: api, Struct } = sdk;

  const message = (
    fragment: StoredFragment,
    { name, config, updatedAtMs, number }: FragmentRevision,
  ) =>
    new api.Fragment({
      id: fragment.id,
      name,
      fragment: Struct.fromJson(config),
      lastUpdated: timestamp(updatedAtMs),
      createdOn: timestamp(fragment.createdAtMs),
      revision: String(number),
    });
  const atVersion = (fragment: StoredFragment, version?: string): FragmentRevision => {
    const revision = revisionAt(fragment, version);
    if (revision !== undefined) return revision;
    throw new RpcStatus(
      STATUS.notFound,
      `fragment "${fragment.id}" has no version "${version ?? ''}"`,
    );
  };
  const tagsOf = ({ tags }: StoredFragment) =>
    [...tags].map(([tag, revision]) => ({ tag, revision: String(revision) }));
  /** Counted once for each machine and version, however deep it is. */
  const usesOf = (fragmentId: string): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const { config } of state.parts.values()) {
      const content = (id: string, version?: string): JsonObject | undefined =>
        state.fragmentContent(id, version);
      const versions = usedFragments(config, content)
        .filter(({ id }) => id === fragmentId)
        .map(({ version }) => version);
      for (const version of new Set(versions)) {
        counts.set(version, (counts.get(version) ?? 0) + 1);
      }
    }
    return counts;
  };

  return {
    GetFragment: unary(parts, api.GetFragmentRequest, ({ id, version }, caller) => {
      mayRead(caller);
      const stored = state.fragment(id);
      return new api.GetFragmentResponse({
        fragment: message(stored, atVersion(stored, version)),
        revisions: revisionsOf(stored).map(({ number, updatedAtMs }) => ({
          revision: String(number),
          createdAt: timestamp(updatedAtMs),
        })),
        tags: tagsOf(stored),
      });
    }),
    UpdateFragment: unary(parts, api.UpdateFragmentRequest, (request, caller) => {
      const stored = state.fragment(request.id);
      writeConfig(state, stored, request, request.config, caller);
      return new api.UpdateFragmentResponse({ fragment: message(stored, atVersion(stored)) });
    }),
    GetFragmentHistory: unary(parts, api.GetFragmentHistoryRequest, ({ id }, caller) => {
      mayRead(caller);
      const stored = state.fragment(id);
      const history = stored.history
        .map((past, index) => ({
          fragment: id,
          editedOn: timestamp(past.atMs),
          old: message(stored, { ...past, number: index + 1 }),
          editedBy: { value: past.editedBy },
          config: Struct.fromJson(past.config),
        }))
        .toReversed();
      return new api.GetFragmentHistoryResponse({ history, nextPageToken: '' });
    }),
    GetFragmentUsage: unary(parts, api.GetFragmentUsageRequest, ({ fragmentId }, caller) => {
      mayRead(caller);
      const versionUsages = [...usesOf(state.fragment(fragmentId).id)].map(
        ([version, machines]) => ({
          fragmentId,
          machines,
          ...(version === '' ? {} : { version }),
        }),
      );
      return new api.GetFragmentUsageResponse({ versionUsages });
    }),
    SetFragmentTag: unary(
      parts,
      api.SetFragmentTagRequest,
      ({ fragmentId, tag, revision }, caller) => {
        mayWrite(caller);
        const stored = state.fragment(fragmentId);
        if (!isTagName(tag)) {
          throw new RpcStatus(STATUS.invalidArgument, `"${tag}" is no name for a tag`);
        }
        stored.tags.set(tag, atVersion(stored, revision).number);
        return new api.SetFragmentTagResponse({ tags: tagsOf(stored) });
      },
    ),
    DeleteFragmentTag: unary(parts, api.DeleteFragmentTagRequest, ({ fragmentId, tag }, caller) => {
      mayWrite(caller);
      const stored = state.fragment(fragmentId);
      if (!stored.tags.delete(tag)) {
        throw new RpcStatus(STATUS.notFound, `fragment "${fragmentId}" has no tag "${tag}"`);
      }
      return new api.DeleteFragmentTagResponse({ tags: tagsOf(stored) });
    }),
  };
}
