import type { Add } from '../family.ts';
import { word } from '../object/fields.ts';
import { pointer } from '../object/messages.ts';

/** `ParamKind` of an admission policy. */
export const paramKind = pointer(1, { apiVersion: word(1), kind: word(2) });

/** `ParamRef` of a binding. */
export const paramRef = pointer(2, { name: word(1), namespace: word(2), parameterNotFoundAction: word(4) });

export const parameterLabels = ['policy_name', 'param_name', 'param_namespace', 'param_not_found_action'];

/** One sample that says which policy a binding binds, and to which parameters. */
export function addParameters(
  spec: { readonly policyName: string; readonly paramRef: (typeof paramRef)['empty'] },
  add: Add,
): void {
  const { name = '', namespace = '', parameterNotFoundAction = '' } = spec.paramRef ?? {};
  add(1, spec.policyName, name, namespace, parameterNotFoundAction);
}
