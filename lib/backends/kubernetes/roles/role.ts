/** What kind of object is discovered. Source: Prometheus configuration reference, kubernetes_sd_config. */
export const roles = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'] as const;

export type Role = (typeof roles)[number];

/** The roles whose objects can be selected: a role's own, and those that it joins. */
export const selectableRoles: Readonly<Record<Role, readonly Role[]>> = {
  node: ['node'],
  service: ['service'],
  pod: ['pod', 'node'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  ingress: ['ingress'],
};
