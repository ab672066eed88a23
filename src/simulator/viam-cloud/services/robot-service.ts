import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../../machine-config/index.ts';
import type { Principal } from '../access.ts';
import { expandModel, mergeFragments } from '../merged-config.ts';
import type { RpcMethod } from '../rpc/method.ts';
import type { TlsKeyPair } from '../rpc/listener.ts';
import { RpcStatus, STATUS } from '../rpc/status.ts';
import type { StoredPart } from '../state.ts';
import { type ServiceParts, unary } from './service.ts';

/** How often a device asks whether it is to restart. */
const RESTART_CHECK_SECONDS = 5n;

/** `viam.app.v1.RobotService`: what a device asks for and reports. */
export function robotService(
  parts: ServiceParts,
  { now, certificate }: { readonly now: () => number; readonly certificate: TlsKeyPair },
): readonly [string, RpcMethod][] {
  const { sdk, state } = parts;
  const { appRobotApi: api } = sdk;
  const own = ({ id }: { readonly id: string }, caller: Principal): StoredPart => {
    if (caller.kind !== 'part' || caller.id !== id) {
      throw new RpcStatus(STATUS.permissionDenied, 'only the device of this part may do that');
    }
    const part = state.part(id);
    part.lastAccessMs = now();
    return part;
  };

  const methods: Record<string, RpcMethod> = {
    Config: unary(parts, api.ConfigRequest, (request, caller) => {
      const part = own(request, caller);
      if (request.agentInfo !== undefined) state.meet(part, request.agentInfo);
      const merged = mergeFragments(part.config, (id, version) =>
        state.fragmentContent(id, version),
      );
      const config = {
        cloud: { id: part.id, machineId: part.id, fqdn: `${part.name}.local`, secret: part.secret },
        components: resources(parts, merged['components'], 'component'),
        services: resources(parts, merged['services'], 'service'),
        revision: createHash('sha256').update(JSON.stringify(merged)).digest('hex').slice(0, 32),
      };
      return new api.ConfigResponse({ config });
    }),
    Certificate: unary(parts, api.CertificateRequest, (request, caller) => {
      const { id } = own(request, caller);
      return new api.CertificateResponse({
        id,
        tlsCertificate: certificate.cert,
        tlsPrivateKey: certificate.key,
      });
    }),
    Log: unary(parts, api.LogRequest, (request, caller) => {
      state.log(own(request, caller), request.logs);
      return new api.LogResponse();
    }),
    NeedsRestart: unary(parts, api.NeedsRestartRequest, (request, caller) => {
      const part = own(request, caller);
      const { id, mustRestart } = part;
      // Said once: what asks next is the device that has restarted.
      part.mustRestart = false;
      const restartCheckInterval = { seconds: RESTART_CHECK_SECONDS, nanos: 0 };
      return new api.NeedsRestartResponse({ id, mustRestart, restartCheckInterval });
    }),
  };
  return Object.entries(methods).map(([name, method]) => [
    `/viam.app.v1.RobotService/${name}`,
    method,
  ]);
}

/** The entries of `components` or `services` as messages, names of models and APIs written out. */
function resources({ sdk }: ServiceParts, entries: JsonValue | undefined, kind: string) {
  if (!Array.isArray(entries)) return [];
  return entries.filter(isObject).map((entry) => {
    const { name, model, api, type, attributes, depends_on: dependsOn } = entry;
    return {
      name: text(name),
      model: expandModel(model),
      api: typeof api === 'string' ? api : `rdk:${kind}:${text(type) || 'generic'}`,
      ...(isObject(attributes) ? { attributes: sdk.Struct.fromJson(attributes) } : {}),
      dependsOn: Array.isArray(dependsOn) ? dependsOn.map(text) : [],
    };
  });
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
