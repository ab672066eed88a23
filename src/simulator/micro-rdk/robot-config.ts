import type { MachineConfig, ServiceEntry } from './machine-config.ts';

/*
 * The config as the device keeps it: a `viam.app.v1.RobotConfig` in protobuf, written here by hand as far
 * as the device looks at it, because the SDK that has the message is large and starts slowly.
 */

/** Field numbers of `RobotConfig`, `ServiceConfig`, and of `google.protobuf.Struct` and its parts. */
const ROBOT = { services: 5, revision: 15 } as const;
const SERVICE = { name: 1, attributes: 4, model: 6 } as const;
const STRUCT_FIELDS = 1;
const MAP = { key: 1, value: 2 } as const;
const VALUE = { null: 1, number: 2, string: 3, bool: 4, struct: 5, list: 6 } as const;
const LIST_VALUES = 1;

const [VARINT, FIXED64, LENGTH_DELIMITED, FIXED32] = [0, 1, 2, 5];

type Bytes = readonly number[];

/** The bytes of a config, for a source that has no message of its own. */
export function encodeRobotConfig({ services, revision }: MachineConfig): Uint8Array {
  return Uint8Array.from([
    ...services.flatMap((entry) => delimited(ROBOT.services, service(entry))),
    ...text(ROBOT.revision, revision),
  ]);
}

/** The revision in the bytes of a config; `''` where there is none, or where they are no config. */
export function revisionOf(config: Uint8Array): string {
  let [at, revision] = [0, ''];
  const readVarint = () => {
    let value = 0;
    for (let shift = 0; at < config.length; shift += 7) {
      const byte = config[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < config.length) {
    const tag = readVarint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === VARINT) readVarint();
    else if (wire === FIXED64) at += 8;
    else if (wire === FIXED32) at += 4;
    else if (wire === LENGTH_DELIMITED) {
      const length = readVarint();
      const content = config.subarray(at, at + length);
      if (field === ROBOT.revision) revision = new TextDecoder().decode(content);
      at += length;
    } else return '';
  }
  return revision;
}

function service({ name, model, attributes }: ServiceEntry): Bytes {
  return [
    ...text(SERVICE.name, name),
    ...(attributes === null ? [] : delimited(SERVICE.attributes, struct(attributes))),
    ...text(SERVICE.model, model),
  ];
}

function struct(value: object): Bytes {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    delimited(STRUCT_FIELDS, [...text(MAP.key, key), ...delimited(MAP.value, jsonValue(member))]),
  );
}

function jsonValue(value: unknown): Bytes {
  if (typeof value === 'string') return delimited(VALUE.string, utf8(value));
  if (typeof value === 'boolean') return [...tag(VALUE.bool, VARINT), value ? 1 : 0];
  if (typeof value === 'number') return [...tag(VALUE.number, FIXED64), ...float64(value)];
  if (Array.isArray(value)) {
    const items = value.flatMap((item) => delimited(LIST_VALUES, jsonValue(item)));
    return delimited(VALUE.list, items);
  }
  if (typeof value === 'object' && value !== null) return delimited(VALUE.struct, struct(value));
  return [...tag(VALUE.null, VARINT), 0];
}

function text(field: number, value: string): Bytes {
  return value === '' ? [] : delimited(field, utf8(value));
}

function delimited(field: number, content: Bytes): Bytes {
  return [...tag(field, LENGTH_DELIMITED), ...varint(content.length), ...content];
}

function tag(field: number, wire: number): Bytes {
  return varint(field * 8 + wire);
}

function varint(value: number): Bytes {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}

function utf8(value: string): Bytes {
  return [...new TextEncoder().encode(value)];
}

function float64(value: number): Bytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer)];
}
