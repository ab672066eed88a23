/** Columns that every entity table has: what is filtered, sorted or joined has columns of its own, the rest is JSON. */
interface EntityRow {
  created_at_ms: number;
  body: string;
}

/** Every table with its columns, as the newest migration leaves them. */
export interface Tables {
  packages: EntityRow & { package_id: string; kind: string; revision: number };
  blueprints: EntityRow & {
    blueprint_id: string;
    chip: string;
    flash_size_bytes: number;
    revision: number;
  };
  artifacts: EntityRow & {
    artifact_id: string;
    package_id: string;
    version: string;
    size_bytes: number;
    sha256: string;
    revision: number;
  };
  /** Blueprint `''` stands for any hardware. */
  artifact_blueprints: {
    package_id: string;
    version: string;
    blueprint_id: string;
    artifact_id: string;
  };
  signing_keys: EntityRow & {
    key_id: string;
    name: string;
    algorithm: string;
    revoked_at_ms: number | null;
  };
  tags: { tag: string; description: string };
  devices: EntityRow & {
    device_id: string;
    name: string;
    blueprint_id: string | null;
    cohort_id: string | null;
    enabled: number;
    pinned_deployment_id: string | null;
    secure_version: number | null;
    last_booted_at_ms: number | null;
    revision: number;
  };
  /** Every device has a row: narrow ones, since each contact of a device moves its own. */
  device_contacts: { device_id: string; last_seen_at_ms: number | null };
  /** A view: `devices` with what `device_contacts` knows of them. */
  devices_seen: Tables['devices'] & { last_seen_at_ms: number | null };
  device_tags: { tag: string; device_id: string };
  cohorts: EntityRow & {
    cohort_id: string;
    active_deployment_id: string | null;
    revision: number;
  };
  deployments: EntityRow & {
    deployment_id: string;
    name: string;
    sequence: number;
    restores: string | null;
  };
  deployment_components: { deployment_id: string; package_id: string; artifact_id: string };
  releases: EntityRow & {
    release_id: string;
    deployment_id: string;
    sequence: number;
    blueprint_id: string | null;
    enabled: number;
    revision: number;
  };
  release_tags: { release_id: string; kind: 'release' | 'device'; tag: string };
  rollouts: EntityRow & {
    rollout_id: string;
    deployment_id: string;
    cohort_id: string;
    state_kind: string;
    started_at_ms: number;
    revision: number;
  };
  rollout_devices: {
    rollout_id: string;
    device_id: string;
    state: string;
    direction: string;
    attempts: number;
    since_ms: number;
    due_at_ms: number | null;
    body: string;
  };
  rollout_log: {
    rollout_id: string;
    position: number;
    at_ms: number;
    device_id: string | null;
    what: string;
    data: string;
  };
  commands: EntityRow & {
    command_id: string;
    /** Tells apart what was created in the same millisecond. */
    ordinal: number;
    device_id: string;
    name: string;
    state: string;
    redeliver_at_ms: number | null;
    expires_at_ms: number | null;
  };
  tokens: EntityRow & {
    token_id: string;
    name: string;
    role: string;
    secret_hash: string;
    expires_at_ms: number | null;
    revoked_at_ms: number | null;
    last_used_at_ms: number | null;
  };
  audit: {
    audit_id: number;
    at_ms: number;
    actor: string;
    action: string;
    subject: string;
    details: string;
  };
  events: {
    event_id: number;
    at_ms: number;
    type: string;
    device_id: string | null;
    rollout_id: string | null;
    data: string;
  };
  webhooks: EntityRow & {
    webhook_id: string;
    url: string;
    enabled: number;
    last_event_id: number;
    retry_at_ms: number | null;
    revision: number;
  };
  idempotency: { scope: string; key: string; request_hash: string; answer: string; at_ms: number };
  settings: { name: string; value: string };
  /** Counters that only rise, also when what they counted is deleted. */
  sequences: { name: string; value: number };
  migrations: { name: string; applied_at_ms: number };
}
