import type { Random } from '../../../lib/sim/random.ts';

/** Labels as people and their tools give them. */
export const labelSets: readonly Readonly<Record<string, string>>[] = [
  { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'cart', 'prometheus.port': '9090' },
  { team: 'platform', 'traefik.http.routers.app.rule': 'Host(`app.example`) && PathPrefix(`/`)', empty: '' },
  { note: 'a "b"\n\\c', ключ: 'значение', constructor: 'x' },
  {},
];

/** An ID as those of containers: 64 hexadecimal digits. */
export function hexId(random: Random): string {
  return Array.from({ length: 64 }, () => random.integer(0, 15).toString(16)).join('');
}

/** An ID as those of a swarm's objects: 25 digits in base 36. */
export function swarmId(random: Random): string {
  return Array.from({ length: 25 }, () => random.integer(0, 35).toString(36)).join('');
}

/** An address out of a network, by number: 65,024 different ones. */
export function ipOf(network: number, number: number): string {
  return `10.${network & 255}.${Math.floor(number / 254) & 255}.${(number % 254) + 1}`;
}
