import { freeze, isList, isObject, type Json, type JsonObject } from '../wire/json.ts';

/** Who set which fields: more than half of a real object's bytes, and nothing that discovery reads. */
export function managedFields(
  apiVersion: string,
  time: string,
  set: JsonObject,
  status?: JsonObject,
): readonly Json[] {
  const entry = (manager: string, fields: JsonObject, rest: JsonObject): JsonObject => ({
    manager,
    operation: 'Update',
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: fieldSet(fields),
    ...rest,
  });
  return freeze([
    entry('kube-controller-manager', set, {}),
    ...(status ? [entry('kubelet', status, { subresource: 'status' })] : []),
  ]);
}

/** Names of the fields in the notation of structured-merge-diff: `f:` a field, `k:` an entry by its name. */
function fieldSet(value: Json | undefined): JsonObject {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, owned(inner)]));
  if (!isList(value)) return {};
  const keys = value.flatMap((entry) =>
    isObject(entry) && entry.name !== undefined
      ? [[`k:{"name":${JSON.stringify(entry.name)}}`, { '.': {}, ...fieldSet(entry) }] as const]
      : [],
  );
  return Object.fromEntries(keys);
}

function owned(value: Json | undefined): JsonObject {
  const inner = fieldSet(value);
  return Object.keys(inner).length === 0 ? {} : { '.': {}, ...inner };
}
