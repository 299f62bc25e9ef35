import { defineBackend, joinHostPort, MusterError, optional, text, textList, url } from 'muster-sd/backend';

/** A backend of another project: hosts of an inventory over HTTP, as `GET /hosts?rack=…` lists them. */
export default defineBackend({
  name: 'inventory',
  refresh: '30s',
  fields: {
    server: url('http://localhost:8080'),
    rack: optional(text()),
    roles: textList(),
  },
  server: ({ server }) => server,
  async *list({ server, rack, roles }, { http }) {
    const query = new URL('/hosts', server);
    if (rack !== undefined) query.searchParams.set('rack', rack);
    const hosts = await http.json(query);
    if (!Array.isArray(hosts)) throw new MusterError('malformed', `${server}: the inventory is no list`);
    for (const { name, address, port, role, rack: where } of hosts) {
      if (roles.length > 0 && !roles.includes(role)) continue;
      yield {
        source: name,
        labels: { __meta_inventory_role: role, __meta_inventory_rack: where },
        targets: [joinHostPort(address, port)],
      };
    }
  },
});
